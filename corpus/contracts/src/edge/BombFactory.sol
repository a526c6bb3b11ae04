// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Bomb} from "./Bomb.sol";

/// What is touched by a contract that lives for one transaction only, or returns at the same address?
contract BombFactory {
    uint256 public made;
    address public last;

    event Made(address bomb);

    function make(uint256 fuse) external payable returns (address bomb) {
        bomb = address(new Bomb{value: msg.value}(fuse));
        _note(bomb);
    }

    function makeAt(bytes32 salt, uint256 fuse) public payable returns (address bomb) {
        bomb = address(new Bomb{value: msg.value, salt: salt}(fuse));
        _note(bomb);
    }

    /// Created, used and destroyed within one transaction: the account is gone afterwards on every fork.
    function makeAndExplode(bytes32 salt, address payable heir) external payable returns (address bomb) {
        bomb = makeAt(salt, 1);
        Bomb(payable(bomb)).arm(2);
        Bomb(payable(bomb)).explode(heir);
    }

    function predict(bytes32 salt, uint256 fuse) external view returns (address) {
        bytes32 codeHash = keccak256(abi.encodePacked(type(Bomb).creationCode, abi.encode(fuse)));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), salt, codeHash)))));
    }

    function _note(address bomb) private {
        made += 1;
        last = bomb;
        emit Made(bomb);
    }
}
