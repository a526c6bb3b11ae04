// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Which code do all proxies of this beacon run?
contract Beacon {
    address public owner;
    address public implementation;

    event Upgraded(address indexed implementation);

    error NotOwner();
    error NotAContract(address implementation);

    constructor(address implementation_) {
        owner = msg.sender;
        implementation = implementation_;
    }

    function upgradeTo(address implementation_) external {
        if (msg.sender != owner) revert NotOwner();
        if (implementation_.code.length == 0) revert NotAContract(implementation_);
        implementation = implementation_;
        emit Upgraded(implementation_);
    }
}
