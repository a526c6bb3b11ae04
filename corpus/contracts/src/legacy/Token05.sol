// SPDX-License-Identifier: MIT
pragma solidity ^0.5.16;

library SafeMath {
    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        uint256 c = a + b;
        require(c >= a, "SafeMath: addition overflow");
        return c;
    }

    function sub(uint256 a, uint256 b) internal pure returns (uint256) {
        require(b <= a, "SafeMath: subtraction overflow");
        return a - b;
    }

    function mul(uint256 a, uint256 b) internal pure returns (uint256) {
        if (a == 0) return 0;
        uint256 c = a * b;
        require(c / a == b, "SafeMath: multiplication overflow");
        return c;
    }
}

interface ISuccessorToken {
    function transferByLegacy(address from, address to, uint256 value) external;
}

/// What does a regulated token of the 0.5 years touch: pause flag, deny list, a fee that is mostly zero,
/// a successor contract, and no answer from `transfer`.
contract Token05 {
    using SafeMath for uint256;

    string public name = "Token Five";
    string public symbol = "TK5";
    uint8 public constant decimals = 6;

    address public owner;
    bool public paused;
    address public successor;
    uint256 public feeBps;
    uint256 public maximumFee;
    uint256 private _totalSupply;
    mapping(address => uint256) private _balances;
    mapping(address => mapping(address => uint256)) private _allowances;
    mapping(address => bool) public isDenied;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Deprecated(address successor);

    modifier onlyOwner() {
        require(msg.sender == owner, "Token05: caller is not the owner");
        _;
    }

    modifier whenNotPaused() {
        require(!paused, "Token05: paused");
        _;
    }

    constructor(uint256 supply) public {
        owner = msg.sender;
        _totalSupply = supply;
        _balances[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function totalSupply() external view returns (uint256) {
        return _totalSupply;
    }

    function balanceOf(address account) external view returns (uint256) {
        return _balances[account];
    }

    function allowance(address holder, address spender) external view returns (uint256) {
        return _allowances[holder][spender];
    }

    function transfer(address to, uint256 value) external whenNotPaused {
        require(!isDenied[msg.sender], "Token05: sender is denied");
        if (successor != address(0)) {
            ISuccessorToken(successor).transferByLegacy(msg.sender, to, value);
            return;
        }
        _transfer(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external whenNotPaused {
        require(!isDenied[from], "Token05: holder is denied");
        uint256 allowed = _allowances[from][msg.sender];
        if (allowed < uint256(-1)) {
            _allowances[from][msg.sender] = allowed.sub(value);
        }
        _transfer(from, to, value);
    }

    function approve(address spender, uint256 value) external {
        require(!(value != 0 && _allowances[msg.sender][spender] != 0), "Token05: reset the allowance first");
        _allowances[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function issue(uint256 value) external onlyOwner {
        _totalSupply = _totalSupply.add(value);
        _balances[owner] = _balances[owner].add(value);
        emit Transfer(address(0), owner, value);
    }

    function setPaused(bool paused_) external onlyOwner {
        paused = paused_;
    }

    function setDenied(address account, bool denied) external onlyOwner {
        isDenied[account] = denied;
    }

    function setFee(uint256 feeBps_, uint256 maximumFee_) external onlyOwner {
        require(feeBps_ < 20 && maximumFee_ < 50, "Token05: fee too high");
        feeBps = feeBps_;
        maximumFee = maximumFee_ * 10 ** uint256(decimals);
    }

    function deprecate(address successor_) external onlyOwner {
        successor = successor_;
        emit Deprecated(successor_);
    }

    function _transfer(address from, address to, uint256 value) private {
        uint256 fee = value.mul(feeBps) / 10000;
        if (fee > maximumFee) fee = maximumFee;
        _balances[from] = _balances[from].sub(value);
        _balances[to] = _balances[to].add(value.sub(fee));
        emit Transfer(from, to, value.sub(fee));
        if (fee > 0) {
            _balances[owner] = _balances[owner].add(fee);
            emit Transfer(from, owner, fee);
        }
    }
}
