// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What does a shared counter touch: one slot everybody adds to, one slot per user.
contract Counter {
    uint256 public count;
    mapping(address => uint256) public countOf;
    address public immutable owner;

    event Incremented(address indexed account, uint256 count);
    event Reset(uint256 previous);

    error NotOwner();

    constructor(address owner_) {
        owner = owner_;
    }

    function increment() external {
        count += 1;
    }

    function add(uint256 amount) external {
        count += amount;
    }

    function incrementMine() external {
        countOf[msg.sender] += 1;
    }

    /// Both at once, and the value is observed, so the addition does not commute.
    function incrementBoth() external returns (uint256 next) {
        countOf[msg.sender]++;
        next = ++count;
        emit Incremented(msg.sender, next);
    }

    function reset() external {
        if (msg.sender != owner) revert NotOwner();
        emit Reset(count);
        count = 0;
    }
}
