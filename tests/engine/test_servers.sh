# Real servers that are frozen between requests, and resumed: a client judges what they say.
. tests/engine/engine.sh
client() { timeout 100 python3 -B "$top/tests/engine/client.py" "$@"; }
serve() {
    new_dir "$1"
    shift
    cd "$dir" || return 1
    launch "$@"
    cd "$work" || return 1
}
# answers TEXT REGEX: to that question, that.
answers() {
    client "$address" "$1" >answer 2>&1 && grep -q "$2" answer || { cat answer "$dir/log"; return 1; }
}
# A server that has answered closes the connection when it gets to it.
frozen() {
    tries=0
    until freeze "$@" >frozen.out 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] && kill -0 "$pid" || { cat frozen.out; return 1; }
    done
}
frozen_for_good() { frozen --exit && { reap "$pid"; [ $? -eq 137 ]; }; }
resumed() { launch "$checkpt" -r "$dir/x.ckpt"; }
ended() { kill -KILL "$pid" && { reap "$pid"; [ $? -eq 137 ]; }; }
# judged NAME TEXT REGEX…: what it answers at first, and each time after that.
judged() {
    judged=$1 text=$2
    check "$judged answers" answers "$text" "$3"
    check "$judged is frozen, and runs on" frozen
    check "$judged answers" answers "$text" "$4"
    check "$judged is frozen for good" frozen_for_good
    check "$judged is resumed" resumed
    check "$judged answers, resumed" answers "$text" "$5"
    check "$judged is frozen for good again" frozen_for_good
    check "$judged is resumed again" resumed
    check "$judged answers as before" answers "$text" "$6"
    check "$judged ends" ended
}

check 'a server of asyncio starts' serve asyncio python3 -B "$top/tests/engine/counter.py"
check 'it listens' "$await" exists "$dir/port"
address=$(cat "$dir/port")
judged asyncio 'x\n' '^1$' '^2$' '^3$' '^4$'

check 'a server of files starts' serve http python3 -B -u -m http.server 0 --bind 127.0.0.1
listens() {
    tries=0
    until address=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$dir/log") && [ -n "$address" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 3000 ] && kill -0 "$pid" || { cat "$dir/log"; return 1; }
        python3 -c 'import time; time.sleep(0.02)'
    done
}
check 'it listens' listens
echo 'what is in it' >"$dir/file"
judged http.server 'GET /file HTTP/1.0\r\n\r\n' 'what is in it' 'what is in it' 'what is in it' 'what is in it'

# Others, where they are installed.
address=server.sock
if command -v redis-server >/dev/null; then
    check 'redis starts' serve redis redis-server --port 0 --unixsocket server.sock --save ''
    address=$dir/server.sock
    judged redis 'INCR x\r\n' '^:1' '^:2' '^:3' '^:4'
else
    skip redis 'redis-server is not installed'
fi
if command -v memcached >/dev/null; then
    check 'memcached starts' serve memcached memcached -u "$(id -un)" -s server.sock
    address=$dir/server.sock
    check 'memcached takes a number' answers 'set n 0 0 1\r\n0\r\n' STORED
    judged memcached 'incr n 1\r\n' '^1' '^2' '^3' '^4'
else
    skip memcached 'memcached is not installed'
fi
if command -v nginx >/dev/null; then
    new_dir conf
    cat >"$dir/nginx.conf" <<EOF
daemon off; master_process off; error_log $dir/error.log; pid $dir/pid;
events { worker_connections 64; }
http { access_log off; client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi; uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
    server { listen unix:$dir/server.sock; root $dir; } }
EOF
    echo 'what is in it' >"$dir/file"
    address=$dir/server.sock conf=$dir/nginx.conf
    check 'nginx starts' serve nginx nginx -e stderr -c "$conf"
    judged nginx 'GET /file HTTP/1.0\r\n\r\n' 'what is in it' 'what is in it' 'what is in it' 'what is in it'
else
    skip nginx 'nginx is not installed'
fi
finish
