# From .proto files: {"Message", "field", "comment"} for every message and field; a message's own comment has no field.
function emit(owner, field, text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    if (text != "")
        printf "{\"%s\", \"%s\", \"%s\"},\n", owner, field, text
}
function owner(    i, name) {
    for (i = 1; i <= depth; i++)
        name = name (i > 1 ? "." : "") names[i]
    return name
}
/^ *\/\// {
    sub(/^ *\/\/ */, "")
    above = above (above == "" ? "" : " ") $0
    next
}
/^ *(message|enum) / {
    names[++depth] = $2
    emit(owner(), "", above)
    above = ""
    if (/}/)
        depth--
    next
}
/=.*;/ {
    comment = $0
    if (!sub(/^[^\/]*\/\/ */, "", comment))
        comment = above
    code = $0
    sub(/ *=.*/, "", code)
    count = split(code, words, / +/)
    emit(owner(), words[count], comment)
}
/^ *}/ { depth-- }
{ above = "" }
