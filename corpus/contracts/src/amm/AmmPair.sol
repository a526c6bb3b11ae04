// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IToken {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
}

interface IAmmFactory {
    function feeTo() external view returns (address);
}

interface IAmmCallee {
    function ammCall(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

/// The share token of a pair.
abstract contract AmmShares {
    string public constant name = "Amm Share";
    string public constant symbol = "AMS";
    uint8 public constant decimals = 18;

    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) {
            allowance[from][msg.sender] = allowed - value;
        }
        _move(from, to, value);
        return true;
    }

    function _mint(address to, uint256 value) internal {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function _burn(address from, uint256 value) internal {
        balanceOf[from] -= value;
        totalSupply -= value;
        emit Transfer(from, address(0), value);
    }

    function _move(address from, address to, uint256 value) private {
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

/// What does a constant-product pool touch: packed reserves, price sums, a lock, and two foreign balances.
contract AmmPair is AmmShares {
    uint256 public constant MINIMUM_LIQUIDITY = 1_000;

    address public factory;
    address public token0;
    address public token1;

    // These three share one slot.
    uint112 private _reserve0;
    uint112 private _reserve1;
    uint32 private _updatedAt;

    uint256 public price0CumulativeLast;
    uint256 public price1CumulativeLast;
    uint256 public kLast;
    uint256 private _unlocked = 1;

    event Mint(address indexed sender, uint256 amount0, uint256 amount1);
    event Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to);
    event Swap(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );
    event Sync(uint112 reserve0, uint112 reserve1);

    modifier lock() {
        require(_unlocked == 1, "AmmPair: locked");
        _unlocked = 0;
        _;
        _unlocked = 1;
    }

    constructor() {
        factory = msg.sender;
    }

    function initialize(address token0_, address token1_) external {
        require(msg.sender == factory, "AmmPair: forbidden");
        token0 = token0_;
        token1 = token1_;
    }

    function getReserves() public view returns (uint112 reserve0, uint112 reserve1, uint32 updatedAt) {
        reserve0 = _reserve0;
        reserve1 = _reserve1;
        updatedAt = _updatedAt;
    }

    function mint(address to) external lock returns (uint256 liquidity) {
        (uint112 reserve0, uint112 reserve1,) = getReserves();
        uint256 balance0 = IToken(token0).balanceOf(address(this));
        uint256 balance1 = IToken(token1).balanceOf(address(this));
        uint256 amount0 = balance0 - reserve0;
        uint256 amount1 = balance1 - reserve1;

        bool feeOn = _mintFee(reserve0, reserve1);
        uint256 supply = totalSupply;
        if (supply == 0) {
            liquidity = _sqrt(amount0 * amount1) - MINIMUM_LIQUIDITY;
            // A locked first share keeps the price of a share from being blown up.
            _mint(address(0), MINIMUM_LIQUIDITY);
        } else {
            liquidity = _min((amount0 * supply) / reserve0, (amount1 * supply) / reserve1);
        }
        require(liquidity > 0, "AmmPair: insufficient liquidity minted");
        _mint(to, liquidity);

        _update(balance0, balance1, reserve0, reserve1);
        if (feeOn) kLast = uint256(_reserve0) * _reserve1;
        emit Mint(msg.sender, amount0, amount1);
    }

    function burn(address to) external lock returns (uint256 amount0, uint256 amount1) {
        (uint112 reserve0, uint112 reserve1,) = getReserves();
        address first = token0;
        address second = token1;
        uint256 balance0 = IToken(first).balanceOf(address(this));
        uint256 balance1 = IToken(second).balanceOf(address(this));
        uint256 liquidity = balanceOf[address(this)];

        bool feeOn = _mintFee(reserve0, reserve1);
        uint256 supply = totalSupply;
        amount0 = (liquidity * balance0) / supply;
        amount1 = (liquidity * balance1) / supply;
        require(amount0 > 0 && amount1 > 0, "AmmPair: insufficient liquidity burned");
        _burn(address(this), liquidity);
        _safeTransfer(first, to, amount0);
        _safeTransfer(second, to, amount1);
        balance0 = IToken(first).balanceOf(address(this));
        balance1 = IToken(second).balanceOf(address(this));

        _update(balance0, balance1, reserve0, reserve1);
        if (feeOn) kLast = uint256(_reserve0) * _reserve1;
        emit Burn(msg.sender, amount0, amount1, to);
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external lock {
        require(amount0Out > 0 || amount1Out > 0, "AmmPair: insufficient output amount");
        (uint112 reserve0, uint112 reserve1,) = getReserves();
        require(amount0Out < reserve0 && amount1Out < reserve1, "AmmPair: insufficient liquidity");

        (uint256 balance0, uint256 balance1) = _payOut(amount0Out, amount1Out, to, data);
        uint256 amount0In = balance0 > reserve0 - amount0Out ? balance0 - (reserve0 - amount0Out) : 0;
        uint256 amount1In = balance1 > reserve1 - amount1Out ? balance1 - (reserve1 - amount1Out) : 0;
        require(amount0In > 0 || amount1In > 0, "AmmPair: insufficient input amount");
        _checkProduct(balance0, balance1, amount0In, amount1In, reserve0, reserve1);

        _update(balance0, balance1, reserve0, reserve1);
        emit Swap(msg.sender, amount0In, amount1In, amount0Out, amount1Out, to);
    }

    function skim(address to) external lock {
        address first = token0;
        address second = token1;
        _safeTransfer(first, to, IToken(first).balanceOf(address(this)) - _reserve0);
        _safeTransfer(second, to, IToken(second).balanceOf(address(this)) - _reserve1);
    }

    function sync() external lock {
        _update(
            IToken(token0).balanceOf(address(this)), IToken(token1).balanceOf(address(this)), _reserve0, _reserve1
        );
    }

    function _payOut(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data)
        private
        returns (uint256 balance0, uint256 balance1)
    {
        address first = token0;
        address second = token1;
        require(to != first && to != second, "AmmPair: invalid to");
        if (amount0Out > 0) _safeTransfer(first, to, amount0Out);
        if (amount1Out > 0) _safeTransfer(second, to, amount1Out);
        if (data.length > 0) IAmmCallee(to).ammCall(msg.sender, amount0Out, amount1Out, data);
        balance0 = IToken(first).balanceOf(address(this));
        balance1 = IToken(second).balanceOf(address(this));
    }

    function _checkProduct(
        uint256 balance0,
        uint256 balance1,
        uint256 amount0In,
        uint256 amount1In,
        uint112 reserve0,
        uint112 reserve1
    ) private pure {
        // A fee of three thousandths stays in the pool.
        uint256 adjusted0 = balance0 * 1_000 - amount0In * 3;
        uint256 adjusted1 = balance1 * 1_000 - amount1In * 3;
        require(adjusted0 * adjusted1 >= uint256(reserve0) * reserve1 * 1_000_000, "AmmPair: product");
    }

    function _update(uint256 balance0, uint256 balance1, uint112 reserve0, uint112 reserve1) private {
        require(balance0 <= type(uint112).max && balance1 <= type(uint112).max, "AmmPair: overflow");
        uint32 timestamp = uint32(block.timestamp);
        unchecked {
            // Both the clock and the sums may wrap: readers only use differences.
            uint32 elapsed = timestamp - _updatedAt;
            if (elapsed > 0 && reserve0 != 0 && reserve1 != 0) {
                price0CumulativeLast += ((uint256(reserve1) << 112) / reserve0) * elapsed;
                price1CumulativeLast += ((uint256(reserve0) << 112) / reserve1) * elapsed;
            }
        }
        _reserve0 = uint112(balance0);
        _reserve1 = uint112(balance1);
        _updatedAt = timestamp;
        emit Sync(uint112(balance0), uint112(balance1));
    }

    /// The protocol takes a sixth of the growth of the root of the product, when it takes anything.
    function _mintFee(uint112 reserve0, uint112 reserve1) private returns (bool feeOn) {
        address feeTo = IAmmFactory(factory).feeTo();
        feeOn = feeTo != address(0);
        uint256 last = kLast;
        if (!feeOn) {
            if (last != 0) kLast = 0;
            return false;
        }
        if (last == 0) return true;
        uint256 root = _sqrt(uint256(reserve0) * reserve1);
        uint256 rootLast = _sqrt(last);
        if (root <= rootLast) return true;
        uint256 liquidity = (totalSupply * (root - rootLast)) / (root * 5 + rootLast);
        if (liquidity > 0) _mint(feeTo, liquidity);
    }

    /// Some tokens answer nothing, some answer a flag: both are accepted.
    function _safeTransfer(address token, address to, uint256 value) private {
        (bool ok, bytes memory answer) = token.call(abi.encodeWithSelector(IToken.transfer.selector, to, value));
        require(ok && (answer.length == 0 || abi.decode(answer, (bool))), "AmmPair: transfer failed");
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _sqrt(uint256 value) private pure returns (uint256 root) {
        if (value == 0) return 0;
        root = value;
        uint256 next = value / 2 + 1;
        while (next < root) {
            root = next;
            next = (value / next + next) / 2;
        }
    }
}
