. tests/engine/engine.sh
life timerfd
life timerfd-static
finish
