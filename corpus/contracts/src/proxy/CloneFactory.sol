// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface ITokenLogic {
    function initialize(string calldata name, string calldata symbol, uint8 decimals, address admin) external;
}

/// What does a call touch whose code only names another contract (EIP-1167)?
contract CloneFactory {
    mapping(address => address) public implementationOf;
    address[] public clones;

    event Cloned(address indexed implementation, address clone);

    error CloneFailed();

    function clone(address implementation) external returns (address made) {
        bytes memory code = _creationCode(implementation);
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        _note(implementation, made);
    }

    function cloneAt(address implementation, bytes32 salt) public returns (address made) {
        bytes memory code = _creationCode(implementation);
        assembly ("memory-safe") {
            made := create2(0, add(code, 0x20), mload(code), salt)
        }
        _note(implementation, made);
    }

    /// Makes a token and sets it up at once, so that nobody else can.
    function cloneToken(address implementation, bytes32 salt, string calldata name, string calldata symbol)
        external
        returns (address made)
    {
        made = cloneAt(implementation, salt);
        ITokenLogic(made).initialize(name, symbol, 18, msg.sender);
    }

    function predict(address implementation, bytes32 salt) external view returns (address) {
        bytes32 codeHash = keccak256(_creationCode(implementation));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), salt, codeHash)))));
    }

    function clonesLength() external view returns (uint256) {
        return clones.length;
    }

    /// Ten bytes that return the rest, which are the 45 bytes the standard gives.
    function _creationCode(address implementation) private pure returns (bytes memory) {
        return abi.encodePacked(
            hex"3d602d80600a3d3981f3",
            hex"363d3d373d3d3d363d73",
            implementation,
            hex"5af43d82803e903d91602b57fd5bf3"
        );
    }

    function _note(address implementation, address made) private {
        if (made == address(0)) revert CloneFailed();
        implementationOf[made] = implementation;
        clones.push(made);
        emit Cloned(implementation, made);
    }
}
