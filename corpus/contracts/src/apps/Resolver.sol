// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IRegistry {
    function records(bytes32 node)
        external
        view
        returns (address owner, uint64 expires, address resolver, string memory label);
}

/// What does a record touch whose right to be written is kept by another contract?
contract Resolver {
    address public immutable registry;
    mapping(bytes32 => address) public addressOf;
    mapping(bytes32 => mapping(string => string)) private _texts;
    mapping(bytes32 => bytes) public contentOf;

    event AddressChanged(bytes32 indexed node, address account);
    event TextChanged(bytes32 indexed node, string key, string value);

    error NotNodeOwner(bytes32 node);

    modifier onlyNodeOwner(bytes32 node) {
        (address owner,,,) = IRegistry(registry).records(node);
        if (owner != msg.sender) revert NotNodeOwner(node);
        _;
    }

    constructor(address registry_) {
        registry = registry_;
    }

    function setAddress(bytes32 node, address account) external onlyNodeOwner(node) {
        addressOf[node] = account;
        emit AddressChanged(node, account);
    }

    function setText(bytes32 node, string calldata key, string calldata value) external onlyNodeOwner(node) {
        _texts[node][key] = value;
        emit TextChanged(node, key, value);
    }

    function setContent(bytes32 node, bytes calldata content) external onlyNodeOwner(node) {
        contentOf[node] = content;
    }

    function textOf(bytes32 node, string calldata key) external view returns (string memory) {
        return _texts[node][key];
    }
}
