// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What does a token touch that takes a fee on transfer: three balances, exemption flags, packed settings.
contract FeeToken {
    struct Settings {
        address collector;
        uint16 feeBps;
        bool tradingOpen;
        uint64 launchedAt;
    }

    string public name = "Fee Token";
    string public symbol = "FEE";
    uint8 public constant decimals = 9;
    uint16 public constant MAX_FEE_BPS = 1_000;

    address public owner;
    uint256 public totalSupply;
    Settings public settings;
    mapping(address => uint256) private _balances;
    mapping(address => mapping(address => uint256)) private _allowances;
    mapping(address => bool) public isExempt;
    uint256 public totalFees;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event SettingsChanged(address collector, uint16 feeBps, bool tradingOpen);

    modifier onlyOwner() {
        require(msg.sender == owner, "FeeToken: caller is not the owner");
        _;
    }

    constructor(address collector, uint16 feeBps, uint256 supply) {
        require(feeBps <= MAX_FEE_BPS, "FeeToken: fee too high");
        owner = msg.sender;
        settings = Settings(collector, feeBps, true, uint64(block.timestamp));
        isExempt[msg.sender] = true;
        isExempt[collector] = true;
        totalSupply = supply;
        _balances[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function balanceOf(address account) external view returns (uint256) {
        return _balances[account];
    }

    function allowance(address holder, address spender) external view returns (uint256) {
        return _allowances[holder][spender];
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        _allowances[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = _allowances[from][msg.sender];
        require(allowed >= value, "FeeToken: transfer amount exceeds allowance");
        _allowances[from][msg.sender] = allowed - value;
        _transfer(from, to, value);
        return true;
    }

    function setSettings(address collector, uint16 feeBps, bool tradingOpen) external onlyOwner {
        require(feeBps <= MAX_FEE_BPS, "FeeToken: fee too high");
        settings.collector = collector;
        settings.feeBps = feeBps;
        settings.tradingOpen = tradingOpen;
        emit SettingsChanged(collector, feeBps, tradingOpen);
    }

    function setExempt(address account, bool exempt) external onlyOwner {
        isExempt[account] = exempt;
    }

    function _transfer(address from, address to, uint256 value) private {
        require(from != address(0) && to != address(0), "FeeToken: zero address");
        Settings memory current = settings;
        bool exempt = isExempt[from] || isExempt[to];
        require(current.tradingOpen || exempt, "FeeToken: trading is closed");

        uint256 fee = exempt ? 0 : (value * current.feeBps) / 10_000;
        uint256 balance = _balances[from];
        require(balance >= value, "FeeToken: transfer amount exceeds balance");
        _balances[from] = balance - value;
        _balances[to] += value - fee;
        emit Transfer(from, to, value - fee);
        if (fee != 0) {
            _balances[current.collector] += fee;
            totalFees += fee;
            emit Transfer(from, current.collector, fee);
        }
    }
}
