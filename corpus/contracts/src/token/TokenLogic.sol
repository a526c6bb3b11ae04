// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What does an ERC-20 touch whose code runs on the storage of a proxy or a clone?
/// It has no constructor: `initialize` sets it up once, and the implementation itself can be locked by anyone first.
contract TokenLogic {
    struct Account {
        uint128 balance;
        uint64 lastActive;
        bool frozen;
    }

    uint8 private _version;
    bool private _paused;
    address public admin;
    string public name;
    string public symbol;
    uint8 public decimals;
    uint256 public totalSupply;
    mapping(address => Account) public accounts;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Initialized(uint8 version);
    event Paused(bool paused);
    event Frozen(address indexed account, bool frozen);

    error AlreadyInitialized(uint8 version);
    error NotAdmin(address caller);
    error EnforcedPause();
    error AccountFrozen(address account);
    error InsufficientBalance(address account, uint256 balance, uint256 needed);
    error InsufficientAllowance(address spender, uint256 allowance, uint256 needed);

    modifier onlyAdmin() {
        if (msg.sender != admin) revert NotAdmin(msg.sender);
        _;
    }

    modifier whenNotPaused() {
        if (_paused) revert EnforcedPause();
        _;
    }

    modifier notFrozen(address account) {
        if (accounts[account].frozen) revert AccountFrozen(account);
        _;
    }

    function initialize(string calldata name_, string calldata symbol_, uint8 decimals_, address admin_) external {
        if (_version != 0) revert AlreadyInitialized(_version);
        _version = 1;
        admin = admin_;
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
        emit Initialized(1);
    }

    function balanceOf(address account) external view returns (uint256) {
        return accounts[account].balance;
    }

    function transfer(address to, uint256 value)
        external
        whenNotPaused
        notFrozen(msg.sender)
        notFrozen(to)
        returns (bool)
    {
        _move(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external whenNotPaused returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value)
        external
        whenNotPaused
        notFrozen(msg.sender)
        notFrozen(from)
        notFrozen(to)
        returns (bool)
    {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < value) revert InsufficientAllowance(msg.sender, allowed, value);
        allowance[from][msg.sender] = allowed - value;
        _move(from, to, value);
        return true;
    }

    function mint(address to, uint128 value) external onlyAdmin whenNotPaused {
        totalSupply += value;
        Account storage account = accounts[to];
        account.balance += value;
        emit Transfer(address(0), to, value);
    }

    function setPaused(bool paused_) external onlyAdmin {
        _paused = paused_;
        emit Paused(paused_);
    }

    function setFrozen(address account, bool frozen) external onlyAdmin {
        accounts[account].frozen = frozen;
        emit Frozen(account, frozen);
    }

    function _move(address from, address to, uint256 value) private {
        Account storage source = accounts[from];
        if (source.balance < value) revert InsufficientBalance(from, source.balance, value);
        source.balance -= uint128(value);
        source.lastActive = uint64(block.timestamp);
        accounts[to].balance += uint128(value);
        emit Transfer(from, to, value);
    }
}
