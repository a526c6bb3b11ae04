// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What does a shared wallet touch: confirmations by number and owner, a nonce, and whatever it then calls.
contract MultisigWallet {
    struct Proposal {
        address target;
        bool executed;
        uint32 confirmations;
        uint256 value;
        bytes data;
    }

    address[] public owners;
    mapping(address => bool) public isOwner;
    uint256 public threshold;
    uint256 public nonce;
    Proposal[] public proposals;
    mapping(uint256 => mapping(address => bool)) public confirmed;

    event Deposited(address indexed sender, uint256 value);
    event Submitted(uint256 indexed id, address indexed owner);
    event Confirmed(uint256 indexed id, address indexed owner);
    event Executed(uint256 indexed id, bool success);

    error NotOwner(address caller);
    error UnknownProposal(uint256 id);
    error AlreadyConfirmed(uint256 id, address owner);
    error AlreadyExecuted(uint256 id);
    error NotEnoughConfirmations(uint256 have, uint256 need);
    error InvalidSignature(uint256 index);
    error CallFailed();
    error InvalidOwners();

    modifier onlyOwner() {
        if (!isOwner[msg.sender]) revert NotOwner(msg.sender);
        _;
    }

    modifier pending(uint256 id) {
        if (id >= proposals.length) revert UnknownProposal(id);
        if (proposals[id].executed) revert AlreadyExecuted(id);
        _;
    }

    constructor(address[] memory owners_, uint256 threshold_) {
        if (threshold_ == 0 || threshold_ > owners_.length) revert InvalidOwners();
        for (uint256 i = 0; i < owners_.length; i++) {
            if (owners_[i] == address(0) || isOwner[owners_[i]]) revert InvalidOwners();
            isOwner[owners_[i]] = true;
        }
        owners = owners_;
        threshold = threshold_;
    }

    receive() external payable {
        emit Deposited(msg.sender, msg.value);
    }

    function submit(address target, uint256 value, bytes calldata data) external onlyOwner returns (uint256 id) {
        id = proposals.length;
        proposals.push(Proposal(target, false, 0, value, data));
        emit Submitted(id, msg.sender);
        confirm(id);
    }

    function confirm(uint256 id) public onlyOwner pending(id) {
        if (confirmed[id][msg.sender]) revert AlreadyConfirmed(id, msg.sender);
        confirmed[id][msg.sender] = true;
        proposals[id].confirmations += 1;
        emit Confirmed(id, msg.sender);
    }

    /// A failing call is noted, and the proposal stays open.
    function execute(uint256 id) external onlyOwner pending(id) {
        Proposal storage proposal = proposals[id];
        if (proposal.confirmations < threshold) revert NotEnoughConfirmations(proposal.confirmations, threshold);
        proposal.executed = true;
        (bool ok,) = proposal.target.call{value: proposal.value}(proposal.data);
        if (!ok) proposal.executed = false;
        emit Executed(id, ok);
    }

    /// Anybody may bring signatures of enough owners, sorted by address.
    function executeSigned(
        address target,
        uint256 value,
        bytes calldata data,
        uint8[] calldata v,
        bytes32[] calldata r,
        bytes32[] calldata s
    ) external {
        if (v.length < threshold) revert NotEnoughConfirmations(v.length, threshold);
        bytes32 digest = signedHash(target, value, data, nonce);
        address last = address(0);
        for (uint256 i = 0; i < threshold; i++) {
            address signer = ecrecover(digest, v[i], r[i], s[i]);
            if (signer <= last || !isOwner[signer]) revert InvalidSignature(i);
            last = signer;
        }
        nonce += 1;
        (bool ok,) = target.call{value: value}(data);
        if (!ok) revert CallFailed();
    }

    function signedHash(address target, uint256 value, bytes calldata data, uint256 nonce_)
        public
        view
        returns (bytes32)
    {
        bytes32 inner = keccak256(abi.encode(block.chainid, address(this), target, value, keccak256(data), nonce_));
        return keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", inner));
    }

    function proposalsLength() external view returns (uint256) {
        return proposals.length;
    }
}
