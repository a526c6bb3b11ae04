// SPDX-License-Identifier: MIT
pragma solidity ^0.6.12;

library SafeMath {
    function add(uint256 x, uint256 y) internal pure returns (uint256 z) {
        require((z = x + y) >= x, "add overflow");
    }

    function sub(uint256 x, uint256 y) internal pure returns (uint256 z) {
        require((z = x - y) <= x, "sub underflow");
    }

    function mul(uint256 x, uint256 y) internal pure returns (uint256 z) {
        require(y == 0 || (z = x * y) / y == x, "mul overflow");
    }
}

interface IERC20Min {
    function balanceOf(address account) external view returns (uint256);
}

/// What does a constant-product pool touch as the compilers of 2020 lay it out?
contract AmmPair06 {
    using SafeMath for uint256;

    bytes4 private constant TRANSFER = bytes4(keccak256(bytes("transfer(address,uint256)")));
    uint256 public constant MINIMUM_LIQUIDITY = 10 ** 3;

    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    address public factory;
    address public token0;
    address public token1;
    uint112 private reserve0;
    uint112 private reserve1;
    uint32 private blockTimestampLast;
    uint256 public price0CumulativeLast;
    uint256 public price1CumulativeLast;
    uint256 private unlocked = 1;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Swap(address indexed sender, uint256 in0, uint256 in1, uint256 out0, uint256 out1, address indexed to);
    event Sync(uint112 reserve0, uint112 reserve1);

    modifier lock() {
        require(unlocked == 1, "AmmPair06: locked");
        unlocked = 0;
        _;
        unlocked = 1;
    }

    constructor() public {
        factory = msg.sender;
    }

    function initialize(address token0_, address token1_) external {
        require(msg.sender == factory, "AmmPair06: forbidden");
        token0 = token0_;
        token1 = token1_;
    }

    function getReserves() public view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, blockTimestampLast);
    }

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
        if (allowance[from][msg.sender] != uint256(-1)) {
            allowance[from][msg.sender] = allowance[from][msg.sender].sub(value);
        }
        _move(from, to, value);
        return true;
    }

    function mint(address to) external lock returns (uint256 liquidity) {
        (uint112 held0, uint112 held1,) = getReserves();
        uint256 balance0 = IERC20Min(token0).balanceOf(address(this));
        uint256 balance1 = IERC20Min(token1).balanceOf(address(this));
        uint256 amount0 = balance0.sub(held0);
        uint256 amount1 = balance1.sub(held1);
        uint256 supply = totalSupply;
        if (supply == 0) {
            liquidity = _sqrt(amount0.mul(amount1)).sub(MINIMUM_LIQUIDITY);
            _mint(address(0), MINIMUM_LIQUIDITY);
        } else {
            uint256 share0 = amount0.mul(supply) / held0;
            uint256 share1 = amount1.mul(supply) / held1;
            liquidity = share0 < share1 ? share0 : share1;
        }
        require(liquidity > 0, "AmmPair06: insufficient liquidity minted");
        _mint(to, liquidity);
        _update(balance0, balance1, held0, held1);
    }

    function swap(uint256 out0, uint256 out1, address to) external lock {
        require(out0 > 0 || out1 > 0, "AmmPair06: insufficient output amount");
        (uint112 held0, uint112 held1,) = getReserves();
        require(out0 < held0 && out1 < held1, "AmmPair06: insufficient liquidity");
        require(to != token0 && to != token1, "AmmPair06: invalid to");
        if (out0 > 0) _safeTransfer(token0, to, out0);
        if (out1 > 0) _safeTransfer(token1, to, out1);
        uint256 balance0 = IERC20Min(token0).balanceOf(address(this));
        uint256 balance1 = IERC20Min(token1).balanceOf(address(this));
        uint256 in0 = balance0 > held0 - out0 ? balance0 - (held0 - out0) : 0;
        uint256 in1 = balance1 > held1 - out1 ? balance1 - (held1 - out1) : 0;
        require(in0 > 0 || in1 > 0, "AmmPair06: insufficient input amount");
        uint256 adjusted = balance0.mul(1000).sub(in0.mul(3)).mul(balance1.mul(1000).sub(in1.mul(3)));
        require(adjusted >= uint256(held0).mul(held1).mul(1000 ** 2), "AmmPair06: product");
        _update(balance0, balance1, held0, held1);
        emit Swap(msg.sender, in0, in1, out0, out1, to);
    }

    function sync() external lock {
        uint256 balance0 = IERC20Min(token0).balanceOf(address(this));
        _update(balance0, IERC20Min(token1).balanceOf(address(this)), reserve0, reserve1);
    }

    function _update(uint256 balance0, uint256 balance1, uint112 held0, uint112 held1) private {
        require(balance0 <= uint112(-1) && balance1 <= uint112(-1), "AmmPair06: overflow");
        uint32 timestamp = uint32(block.timestamp % 2 ** 32);
        uint32 elapsed = timestamp - blockTimestampLast;
        if (elapsed > 0 && held0 != 0 && held1 != 0) {
            // Overflow is wanted: readers only use differences.
            price0CumulativeLast += ((uint256(held1) << 112) / held0) * elapsed;
            price1CumulativeLast += ((uint256(held0) << 112) / held1) * elapsed;
        }
        reserve0 = uint112(balance0);
        reserve1 = uint112(balance1);
        blockTimestampLast = timestamp;
        emit Sync(reserve0, reserve1);
    }

    function _safeTransfer(address token, address to, uint256 value) private {
        (bool success, bytes memory data) = token.call(abi.encodeWithSelector(TRANSFER, to, value));
        require(success && (data.length == 0 || abi.decode(data, (bool))), "AmmPair06: transfer failed");
    }

    function _mint(address to, uint256 value) private {
        totalSupply = totalSupply.add(value);
        balanceOf[to] = balanceOf[to].add(value);
        emit Transfer(address(0), to, value);
    }

    function _move(address from, address to, uint256 value) private {
        balanceOf[from] = balanceOf[from].sub(value);
        balanceOf[to] = balanceOf[to].add(value);
        emit Transfer(from, to, value);
    }

    function _sqrt(uint256 value) private pure returns (uint256 root) {
        root = value;
        uint256 next = value / 2 + 1;
        while (next < root) {
            root = next;
            next = (value / next + next) / 2;
        }
    }
}
