. tests/engine/engine.sh
life epoll
life epoll-static
finish
