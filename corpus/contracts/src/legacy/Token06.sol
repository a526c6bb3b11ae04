// SPDX-License-Identifier: MIT
pragma solidity ^0.6.12;

library SafeMath {
    function add(uint256 a, uint256 b, string memory reason) internal pure returns (uint256) {
        uint256 c = a + b;
        require(c >= a, reason);
        return c;
    }

    function sub(uint256 a, uint256 b, string memory reason) internal pure returns (uint256) {
        require(b <= a, reason);
        return a - b;
    }
}

/// What does an ERC-20 of the 0.6 years touch, with virtual hooks and vote checkpoints written on every transfer?
contract Token06 {
    using SafeMath for uint256;

    struct Checkpoint {
        uint32 fromBlock;
        uint224 votes;
    }

    mapping(address => uint256) private _balances;
    mapping(address => mapping(address => uint256)) private _allowances;
    uint256 private _totalSupply;
    string private _name;
    string private _symbol;
    uint8 private _decimals;
    address public minter;
    mapping(address => address) public delegates;
    mapping(address => mapping(uint32 => Checkpoint)) public checkpoints;
    mapping(address => uint32) public numCheckpoints;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event DelegateVotesChanged(address indexed delegate, uint256 previous, uint256 current);

    constructor(string memory name_, string memory symbol_, address holder, uint256 supply) public {
        _name = name_;
        _symbol = symbol_;
        _decimals = 18;
        minter = msg.sender;
        _mint(holder, supply);
    }

    function name() public view returns (string memory) {
        return _name;
    }

    function symbol() public view returns (string memory) {
        return _symbol;
    }

    function decimals() public view returns (uint8) {
        return _decimals;
    }

    function totalSupply() public view returns (uint256) {
        return _totalSupply;
    }

    function balanceOf(address account) public view returns (uint256) {
        return _balances[account];
    }

    function allowance(address owner, address spender) public view virtual returns (uint256) {
        return _allowances[owner][spender];
    }

    function currentVotes(address account) external view returns (uint256) {
        uint32 count = numCheckpoints[account];
        return count == 0 ? 0 : checkpoints[account][count - 1].votes;
    }

    function transfer(address to, uint256 value) public virtual returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) public virtual returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) public virtual returns (bool) {
        _transfer(from, to, value);
        uint256 left = _allowances[from][msg.sender].sub(value, "Token06: transfer amount exceeds allowance");
        _approve(from, msg.sender, left);
        return true;
    }

    function mint(address to, uint256 value) external {
        require(msg.sender == minter, "Token06: only the minter");
        _mint(to, value);
    }

    function delegate(address to) external {
        address previous = delegates[msg.sender];
        delegates[msg.sender] = to;
        _moveVotes(previous, to, _balances[msg.sender]);
    }

    function _approve(address owner, address spender, uint256 value) internal virtual {
        require(owner != address(0), "Token06: approve from the zero address");
        require(spender != address(0), "Token06: approve to the zero address");
        _allowances[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    function _transfer(address from, address to, uint256 value) internal virtual {
        require(from != address(0), "Token06: transfer from the zero address");
        require(to != address(0), "Token06: transfer to the zero address");
        _beforeTokenTransfer(from, to, value);
        _balances[from] = _balances[from].sub(value, "Token06: transfer amount exceeds balance");
        _balances[to] = _balances[to].add(value, "Token06: balance overflow");
        emit Transfer(from, to, value);
    }

    function _mint(address to, uint256 value) internal virtual {
        _beforeTokenTransfer(address(0), to, value);
        _totalSupply = _totalSupply.add(value, "Token06: supply overflow");
        _balances[to] = _balances[to].add(value, "Token06: balance overflow");
        emit Transfer(address(0), to, value);
    }

    function _beforeTokenTransfer(address from, address to, uint256 value) internal virtual {
        _moveVotes(delegates[from], delegates[to], value);
    }

    function _moveVotes(address from, address to, uint256 value) internal {
        if (from == to || value == 0) return;
        if (from != address(0)) {
            uint256 previous = _latestVotes(from);
            _writeCheckpoint(from, previous, previous.sub(value, "Token06: vote underflow"));
        }
        if (to != address(0)) {
            uint256 previous = _latestVotes(to);
            _writeCheckpoint(to, previous, previous.add(value, "Token06: vote overflow"));
        }
    }

    function _latestVotes(address account) internal view returns (uint256) {
        uint32 count = numCheckpoints[account];
        return count > 0 ? checkpoints[account][count - 1].votes : 0;
    }

    // Two changes in one block share a checkpoint.
    function _writeCheckpoint(address account, uint256 previous, uint256 current) internal {
        uint32 count = numCheckpoints[account];
        uint32 number = uint32(block.number);
        if (count > 0 && checkpoints[account][count - 1].fromBlock == number) {
            checkpoints[account][count - 1].votes = uint224(current);
        } else {
            checkpoints[account][count] = Checkpoint(number, uint224(current));
            numCheckpoints[account] = count + 1;
        }
        emit DelegateVotesChanged(account, previous, current);
    }
}
