// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IStakedToken {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// What does staking touch: a global reward index everybody moves, a struct per user, and a token.
contract Staking {
    struct Position {
        uint128 amount;
        uint64 since;
        uint64 lockedUntil;
        uint256 indexPaid;
        uint256 owed;
    }

    uint256 private constant SCALE = 1e18;
    uint64 private constant LOCK_TIME = 1 days;

    address public immutable token;
    address public owner;
    // These three share one slot.
    uint128 public totalStaked;
    uint64 public updatedAt;
    uint64 public finishAt;
    uint256 public rewardRate;
    uint256 public rewardIndex;
    mapping(address => Position) public positions;

    event Staked(address indexed account, uint256 amount);
    event Unstaked(address indexed account, uint256 amount);
    event Claimed(address indexed account, uint256 amount);
    event Funded(uint256 amount, uint64 finishAt);

    error NotOwner();
    error ZeroAmount();
    error StillLocked(uint64 until);
    error NotEnoughStaked(uint256 staked);
    error TransferFailed();

    modifier settled(address account) {
        rewardIndex = currentIndex();
        updatedAt = _lastTime();
        if (account != address(0)) {
            Position storage position = positions[account];
            position.owed += (position.amount * (rewardIndex - position.indexPaid)) / SCALE;
            position.indexPaid = rewardIndex;
        }
        _;
    }

    constructor(address token_) {
        token = token_;
        owner = msg.sender;
    }

    function currentIndex() public view returns (uint256) {
        if (totalStaked == 0) return rewardIndex;
        return rewardIndex + (uint256(_lastTime() - updatedAt) * rewardRate * SCALE) / totalStaked;
    }

    function earned(address account) external view returns (uint256) {
        Position storage position = positions[account];
        return position.owed + (position.amount * (currentIndex() - position.indexPaid)) / SCALE;
    }

    function stake(uint128 amount) external settled(msg.sender) {
        if (amount == 0) revert ZeroAmount();
        totalStaked += amount;
        Position storage position = positions[msg.sender];
        position.amount += amount;
        position.since = uint64(block.timestamp);
        position.lockedUntil = uint64(block.timestamp) + LOCK_TIME;
        if (!IStakedToken(token).transferFrom(msg.sender, address(this), amount)) revert TransferFailed();
        emit Staked(msg.sender, amount);
    }

    function unstake(uint128 amount) external settled(msg.sender) {
        Position storage position = positions[msg.sender];
        if (block.timestamp < position.lockedUntil) revert StillLocked(position.lockedUntil);
        if (position.amount < amount) revert NotEnoughStaked(position.amount);
        totalStaked -= amount;
        position.amount -= amount;
        if (!IStakedToken(token).transfer(msg.sender, amount)) revert TransferFailed();
        emit Unstaked(msg.sender, amount);
    }

    function claim() external settled(msg.sender) returns (uint256 amount) {
        Position storage position = positions[msg.sender];
        amount = position.owed;
        if (amount == 0) return 0;
        position.owed = 0;
        if (!IStakedToken(token).transfer(msg.sender, amount)) revert TransferFailed();
        emit Claimed(msg.sender, amount);
    }

    function fund(uint256 amount, uint64 duration) external settled(address(0)) {
        if (msg.sender != owner) revert NotOwner();
        if (duration == 0) revert ZeroAmount();
        uint256 left = block.timestamp < finishAt ? (finishAt - block.timestamp) * rewardRate : 0;
        rewardRate = (amount + left) / duration;
        finishAt = uint64(block.timestamp) + duration;
        updatedAt = uint64(block.timestamp);
        if (!IStakedToken(token).transferFrom(msg.sender, address(this), amount)) revert TransferFailed();
        emit Funded(amount, finishAt);
    }

    function _lastTime() private view returns (uint64) {
        return block.timestamp < finishAt ? uint64(block.timestamp) : finishAt;
    }
}
