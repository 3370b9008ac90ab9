# ckptdump's JSON, read by Google's implementation of the proto3 mapping.
. tests/cli/tap.sh
# The distribution's Python has the distribution's modules.
python=/usr/bin/python3
"$python" -c 'from google.protobuf import json_format' 2>/dev/null && command -v protoc >/dev/null ||
    { skip 'JSON is what the schemas say' 'no python3-protobuf or no protoc'; finish; exit; }
mkdir pb images
for name in raw packed parent tree wire unknown readonly critical; do
    "$python" -B "$top/tests/make/maker.py" "$top/tests/make/images/$name.txt" "images/$name.ckpt" >/dev/null || exit 1
done
"$python" -B "$top/tests/cli/proto3.py" "$dump" "$top/schemas" pb images/*.ckpt "$top"/tests/golden/1.0/frozen.ckpt
