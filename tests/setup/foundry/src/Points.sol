// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What do names look like that no storage layout has: a namespace of ERC-7201.
contract Points {
    struct Member {
        uint128 points;
        uint64 since;
        address[] invited;
    }

    /// @custom:storage-location erc7201:points.main
    struct Main {
        uint256 total;
        address keeper;
        bool paused;
        mapping(address account => Member) members;
    }

    // keccak256(abi.encode(uint256(keccak256("points.main")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant MAIN = 0x2559b3f648fb5132c6465112680fc787c9eb717072372ecb2f50fb5526b3cc00;

    error Paused();

    function award(address to, uint128 points) external {
        Main storage main = _main();
        if (main.paused) revert Paused();
        main.total += points;
        main.members[to].points += points;
    }

    function invite(address friend) external {
        Member storage member = _main().members[msg.sender];
        member.since = uint64(block.timestamp);
        member.invited.push(friend);
    }

    function pointsOf(address account) external view returns (uint128) {
        return _main().members[account].points;
    }

    function _main() private pure returns (Main storage main) {
        assembly {
            main.slot := MAIN
        }
    }
}
