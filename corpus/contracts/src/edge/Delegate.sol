// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// What does an externally owned account touch that delegated its code (EIP-7702) to a batch executor?
/// The storage and the address in every frame are those of the delegating account.
contract Delegate {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// keccak256("slotcast.delegate.nonce") - 1, far from whatever the account stored before.
    bytes32 private constant NONCE_SLOT = bytes32(uint256(keccak256("slotcast.delegate.nonce")) - 1);

    event Executed(uint256 indexed nonce, uint256 calls);

    error NotSelf(address caller);
    error InvalidSignature();
    error CallFailed(uint256 index);

    receive() external payable {}

    /// Runs a batch; only the account itself may ask for it.
    function execute(Call[] calldata calls) external payable {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        _run(calls);
    }

    /// Runs a batch the account signed, sent and paid for by somebody else.
    function executeSigned(Call[] calldata calls, uint8 v, bytes32 r, bytes32 s) external payable {
        bytes32 digest = keccak256(abi.encode(block.chainid, address(this), nonce(), calls));
        if (ecrecover(digest, v, r, s) != address(this)) revert InvalidSignature();
        _run(calls);
    }

    function nonce() public view returns (uint256 value) {
        bytes32 slot = NONCE_SLOT;
        assembly ("memory-safe") {
            value := sload(slot)
        }
    }

    function _run(Call[] calldata calls) private {
        uint256 current = nonce();
        bytes32 slot = NONCE_SLOT;
        assembly ("memory-safe") {
            sstore(slot, add(current, 1))
        }
        for (uint256 i = 0; i < calls.length; i++) {
            (bool ok,) = calls[i].target.call{value: calls[i].value}(calls[i].data);
            if (!ok) revert CallFailed(i);
        }
        emit Executed(current, calls.length);
    }
}
