// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IResolver {
    function addressOf(bytes32 node) external view returns (address);
}

/// What do names touch: strings in storage, mappings keyed by strings, and a second contract found through a record.
contract Registry {
    struct Record {
        address owner;
        uint64 expires;
        address resolver;
        string label;
    }

    uint256 public constant PRICE_PER_SECOND = 1e9;

    mapping(bytes32 => Record) public records;
    mapping(string => bytes32) public nodeOfLabel;
    mapping(bytes => address) public ownerOfKey;
    mapping(address => bytes32[]) private _owned;

    event Registered(bytes32 indexed node, string label, address indexed owner, uint64 expires);
    event ResolverSet(bytes32 indexed node, address resolver);
    event TransferredNode(bytes32 indexed node, address indexed owner);

    error Taken(bytes32 node, uint64 expires);
    error NotNodeOwner(bytes32 node);
    error InvalidLabel();
    error TooCheap(uint256 price);

    modifier onlyNodeOwner(bytes32 node) {
        if (records[node].owner != msg.sender) revert NotNodeOwner(node);
        _;
    }

    function register(string calldata label, uint64 duration, address resolver) external payable returns (bytes32 node) {
        if (bytes(label).length < 3) revert InvalidLabel();
        if (msg.value < duration * PRICE_PER_SECOND) revert TooCheap(duration * PRICE_PER_SECOND);
        node = keccak256(bytes(label));
        Record storage record = records[node];
        if (record.owner != address(0) && block.timestamp < record.expires) revert Taken(node, record.expires);
        record.owner = msg.sender;
        record.expires = uint64(block.timestamp) + duration;
        record.resolver = resolver;
        record.label = label;
        nodeOfLabel[label] = node;
        _owned[msg.sender].push(node);
        emit Registered(node, label, msg.sender, record.expires);
    }

    function setResolver(bytes32 node, address resolver) external onlyNodeOwner(node) {
        records[node].resolver = resolver;
        emit ResolverSet(node, resolver);
    }

    function transferNode(bytes32 node, address to) external onlyNodeOwner(node) {
        records[node].owner = to;
        _owned[to].push(node);
        emit TransferredNode(node, to);
    }

    function claimKey(bytes calldata key) external {
        if (ownerOfKey[key] != address(0)) revert Taken(keccak256(key), 0);
        ownerOfKey[key] = msg.sender;
    }

    function resolve(string calldata label) external view returns (address) {
        bytes32 node = nodeOfLabel[label];
        return IResolver(records[node].resolver).addressOf(node);
    }

    function ownedBy(address account) external view returns (bytes32[] memory) {
        return _owned[account];
    }
}
