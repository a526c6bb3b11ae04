// SPDX-License-Identifier: MIT OR Apache-2.0
// Made for these tests. Compiled with solc 0.8.30, optimizer on, standard JSON, to Drift.json beside.
pragma solidity ^0.8.28;

contract Drift {
    uint256[] list;
    mapping(address => uint256) balances;
    uint256 total;

    function pushTwo(uint256 a) external {
        list.push(a);
        list.push(a + 1);
    }

    function take(uint256 amount) external {
        total -= amount;
        balances[msg.sender] -= amount;
        require(total >= 5);
    }
}
