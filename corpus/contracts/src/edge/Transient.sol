// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

interface IBorrower {
    function onFlash(uint256 amount, bytes calldata data) external payable;
}

/// What does a contract touch whose lock lives for one transaction only (EIP-1153)?
/// The lock is no access to storage, and nothing of it may be forecast as one.
contract Transient {
    uint256 private constant LOCK_SLOT = 0;
    uint256 private constant DEPTH_SLOT = 1;

    mapping(address => uint256) public balanceOf;
    uint256 public total;
    uint256 public feesPaid;

    error Reentered();
    error NotRepaid(uint256 missing);
    error PaymentFailed();

    modifier nonReentrant() {
        bool locked;
        assembly ("memory-safe") {
            locked := tload(LOCK_SLOT)
        }
        if (locked) revert Reentered();
        assembly ("memory-safe") {
            tstore(LOCK_SLOT, 1)
            tstore(DEPTH_SLOT, add(tload(DEPTH_SLOT), 1))
        }
        _;
        assembly ("memory-safe") {
            tstore(LOCK_SLOT, 0)
        }
    }

    receive() external payable {}

    function deposit() external payable nonReentrant {
        balanceOf[msg.sender] += msg.value;
        total += msg.value;
    }

    function withdraw(uint256 amount) external nonReentrant {
        balanceOf[msg.sender] -= amount;
        total -= amount;
        (bool ok,) = msg.sender.call{value: amount}("");
        if (!ok) revert PaymentFailed();
    }

    /// Calls itself again, which the lock refuses: the outcome is a revert inside and a success outside.
    function probe() external nonReentrant returns (bool refused) {
        try this.touch() {
            refused = false;
        } catch {
            refused = true;
        }
    }

    function touch() external nonReentrant {
        total += 0;
    }

    function flash(uint256 amount, bytes calldata data) external nonReentrant {
        uint256 before = address(this).balance;
        IBorrower(msg.sender).onFlash{value: amount}(amount, data);
        uint256 fee = amount / 1_000;
        if (address(this).balance < before + fee) revert NotRepaid(before + fee - address(this).balance);
        feesPaid += fee;
    }

    /// How often the lock was taken in this transaction so far.
    function depth() external view returns (uint256 count) {
        assembly ("memory-safe") {
            count := tload(DEPTH_SLOT)
        }
    }
}
