// SPDX-License-Identifier: MIT OR Apache-2.0
// Made for these tests. Compiled with solc 0.8.30, standard JSON, to SetUp.json beside with the
// optimizer on, to SetUpUnoptimized.json with it off, and to SetUpViaIr.json through Yul.
pragma solidity ^0.8.28;

// Set up once: a flag says that it was done, and another that it is being done further out.
contract Flagged {
    bool done;
    bool running;
    uint256 supply;

    function initialize(uint256 amount) external {
        require(running || !done);
        bool outer = !running;
        if (outer) {
            running = true;
            done = true;
        }
        supply = amount;
        if (outer) running = false;
    }

    function use(uint256 amount) external {
        supply += amount;
    }
}

// The same with a construction as the third way.
contract Constructed {
    bool done;
    bool running;
    uint256 supply;

    function initialize(uint256 amount) external {
        require(running || address(this).code.length == 0 || !done);
        bool outer = !running;
        if (outer) {
            running = true;
            done = true;
        }
        supply = amount;
        if (outer) running = false;
    }
}

// Set up once: by version, from outside or under construction.
contract Versioned {
    struct State {
        uint64 version;
        bool running;
    }

    uint256 supply;

    function state() private pure returns (State storage it) {
        assembly {
            it.slot := 0x7c1ce6ba1c2ed2a1b0e0b5b1a8e3d0c9c6a5f4e3d2c1b0a99887766554433200
        }
    }

    modifier once() {
        State storage it = state();
        bool isOuter = !it.running;
        uint64 version = it.version;
        bool isFirst = version == 0 && isOuter;
        bool isConstruction = version == 1 && address(this).code.length == 0;
        if (!isFirst && !isConstruction) revert();
        it.version = 1;
        if (isOuter) it.running = true;
        _;
        if (isOuter) it.running = false;
    }

    function initialize(uint256 amount) external once {
        supply = amount;
    }

    function use(uint256 amount) external {
        supply += amount;
    }
}

// The same in one condition.
contract Required {
    uint8 version;
    bool running;
    uint256 supply;

    function initialize(uint256 amount) external {
        bool isOuter = !running;
        require((isOuter && version < 1) || (address(this).code.length == 0 && version == 1));
        version = 1;
        if (isOuter) running = true;
        supply = amount;
        if (isOuter) running = false;
    }
}

// No set-up: it can be called again as time goes by.
contract Cooldown {
    uint64 last;
    uint256 count;

    function tick() external {
        require(last == 0 || block.timestamp > last + 1 days);
        last = uint64(block.timestamp);
        count += 1;
    }
}

// No set-up: while another function leaves it open it can be called by all.
contract Switched {
    bool started;
    bool open;
    uint256 count;

    function start() external {
        require(open || !started);
        started = true;
        count += 1;
    }

    function turn() external {
        open = !open;
    }
}
