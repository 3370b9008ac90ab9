TESTS += tests/abi/test_abi.sh tests/abi/test_chunkstore.sh tests/abi/test_borg.sh tests/abi/test_outside.sh
