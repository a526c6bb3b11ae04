// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IDroppedToken {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// What do loops over arguments touch: one balance per array element, or one bit of a claim bitmap.
contract Airdrop {
    address public immutable token;
    bytes32 public merkleRoot;
    address public owner;
    mapping(uint256 => uint256) private _claimedBits;

    event Claimed(uint256 indexed index, address indexed account, uint256 amount);
    event RootChanged(bytes32 root);

    error NotOwner();
    error LengthMismatch(uint256 accounts, uint256 amounts);
    error AlreadyClaimed(uint256 index);
    error InvalidProof();
    error TransferFailed(address to);

    constructor(address token_, bytes32 merkleRoot_) {
        token = token_;
        merkleRoot = merkleRoot_;
        owner = msg.sender;
    }

    function setRoot(bytes32 root) external {
        if (msg.sender != owner) revert NotOwner();
        merkleRoot = root;
        emit RootChanged(root);
    }

    /// Pays every account from the caller's allowance.
    function drop(address[] calldata accounts, uint256[] calldata amounts) external {
        if (accounts.length != amounts.length) revert LengthMismatch(accounts.length, amounts.length);
        for (uint256 i = 0; i < accounts.length; i++) {
            if (!IDroppedToken(token).transferFrom(msg.sender, accounts[i], amounts[i])) {
                revert TransferFailed(accounts[i]);
            }
        }
    }

    /// Pays every account the same, from what this contract holds.
    function dropEqual(address[] calldata accounts, uint256 amount) external {
        if (msg.sender != owner) revert NotOwner();
        for (uint256 i = 0; i < accounts.length; i++) {
            if (!IDroppedToken(token).transfer(accounts[i], amount)) revert TransferFailed(accounts[i]);
        }
    }

    /// Pays ether to every account.
    function dropEther(address payable[] calldata accounts) external payable {
        uint256 share = msg.value / accounts.length;
        for (uint256 i = 0; i < accounts.length; i++) {
            (bool ok,) = accounts[i].call{value: share}("");
            if (!ok) revert TransferFailed(accounts[i]);
        }
    }

    function isClaimed(uint256 index) public view returns (bool) {
        return (_claimedBits[index >> 8] >> (index & 0xff)) & 1 == 1;
    }

    /// 256 claims share one word, so unrelated claims conflict.
    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        if (isClaimed(index)) revert AlreadyClaimed(index);
        bytes32 node = keccak256(abi.encodePacked(index, account, amount));
        for (uint256 i = 0; i < proof.length; i++) {
            bytes32 sibling = proof[i];
            node = node < sibling
                ? keccak256(abi.encodePacked(node, sibling))
                : keccak256(abi.encodePacked(sibling, node));
        }
        if (node != merkleRoot) revert InvalidProof();
        _claimedBits[index >> 8] |= 1 << (index & 0xff);
        if (!IDroppedToken(token).transfer(account, amount)) revert TransferFailed(account);
        emit Claimed(index, account, amount);
    }
}
