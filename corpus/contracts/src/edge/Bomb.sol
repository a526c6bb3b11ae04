// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What does SELFDESTRUCT touch, and what is left of the storage when the account is not younger than its transaction?
contract Bomb {
    uint256 public fuse;
    mapping(address => uint256) public deposits;

    event Armed(uint256 fuse);

    constructor(uint256 fuse_) payable {
        fuse = fuse_;
    }

    receive() external payable {
        deposits[msg.sender] += msg.value;
    }

    function arm(uint256 fuse_) external {
        fuse = fuse_;
        emit Armed(fuse_);
    }

    function explode(address payable heir) external {
        require(fuse != 0, "Bomb: not armed");
        selfdestruct(heir);
    }
}
