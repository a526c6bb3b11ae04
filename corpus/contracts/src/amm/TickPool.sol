// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {TickMath} from "./TickMath.sol";

interface IPoolToken {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
}

interface ITickPoolCaller {
    function tickPoolPay(uint256 owed0, uint256 owed1, bytes calldata data) external;
}

/// What does a concentrated-liquidity pool touch, where the state decides how many ticks a swap crosses?
contract TickPool {
    struct Slot0 {
        uint160 sqrtPriceX96;
        int24 tick;
        uint16 observationIndex;
        uint16 observationCount;
        bool unlocked;
    }

    struct Tick {
        uint128 liquidityGross;
        int128 liquidityNet;
        uint256 feeGrowthOutside0;
        uint256 feeGrowthOutside1;
    }

    struct Position {
        uint128 liquidity;
        uint256 feeGrowthInside0;
        uint256 feeGrowthInside1;
        uint128 owed0;
        uint128 owed1;
    }

    struct Observation {
        uint32 timestamp;
        int56 tickCumulative;
        bool initialized;
    }

    struct Walk {
        uint256 remaining;
        uint256 amountOut;
        uint256 feeGrowth;
        uint160 price;
        int24 tick;
        uint128 liquidity;
    }

    struct Step {
        int24 next;
        bool initialized;
        uint160 nextPrice;
        uint160 endPrice;
        uint256 amountIn;
        uint256 amountOut;
        uint256 fee;
    }

    uint16 private constant RING = 256;
    uint256 private constant FEE_UNIT = 1_000_000;

    address public immutable token0;
    address public immutable token1;
    uint24 public immutable fee;
    int24 public immutable tickSpacing;

    Slot0 public slot0;
    uint256 public feeGrowthGlobal0;
    uint256 public feeGrowthGlobal1;
    uint128 public liquidity;
    mapping(int24 => Tick) public ticks;
    mapping(int16 => uint256) public tickBitmap;
    mapping(bytes32 => Position) public positions;
    Observation[RING] public observations;

    event Initialize(uint160 sqrtPriceX96, int24 tick);
    event Mint(address indexed owner, int24 indexed lower, int24 indexed upper, uint128 amount, uint256 amount0, uint256 amount1);
    event Burn(address indexed owner, int24 indexed lower, int24 indexed upper, uint128 amount, uint256 amount0, uint256 amount1);
    event Collect(address indexed owner, address to, uint128 amount0, uint128 amount1);
    event Swap(address indexed sender, address indexed to, bool zeroForOne, uint256 amountIn, uint256 amountOut, uint160 sqrtPriceX96, int24 tick);

    error Locked();
    error AlreadyInitialized();
    error InvalidTicks();
    error InvalidAmount();
    error InvalidPriceLimit();
    error NotPaid();

    modifier lock() {
        if (!slot0.unlocked) revert Locked();
        slot0.unlocked = false;
        _;
        slot0.unlocked = true;
    }

    constructor(address token0_, address token1_, uint24 fee_, int24 tickSpacing_) {
        token0 = token0_;
        token1 = token1_;
        fee = fee_;
        tickSpacing = tickSpacing_;
    }

    function initialize(uint160 sqrtPriceX96) external {
        if (slot0.sqrtPriceX96 != 0) revert AlreadyInitialized();
        int24 tick = TickMath.tickAt(sqrtPriceX96);
        observations[0] = Observation(uint32(block.timestamp), 0, true);
        slot0 = Slot0(sqrtPriceX96, tick, 0, 1, true);
        emit Initialize(sqrtPriceX96, tick);
    }

    function increaseObservations(uint16 count) external lock {
        if (count > RING) revert InvalidAmount();
        if (slot0.observationCount < count) slot0.observationCount = count;
    }

    function mint(address owner, int24 lower, int24 upper, uint128 amount, bytes calldata data)
        external
        lock
        returns (uint256 amount0, uint256 amount1)
    {
        if (amount == 0) revert InvalidAmount();
        _modify(owner, lower, upper, int128(amount));
        (amount0, amount1) = _amounts(lower, upper, amount, true);
        uint256 before0 = _balance(token0);
        uint256 before1 = _balance(token1);
        ITickPoolCaller(msg.sender).tickPoolPay(amount0, amount1, data);
        if (_balance(token0) < before0 + amount0 || _balance(token1) < before1 + amount1) revert NotPaid();
        emit Mint(owner, lower, upper, amount, amount0, amount1);
    }

    /// What is burned is owed to the position until `collect` is called.
    function burn(int24 lower, int24 upper, uint128 amount) external lock returns (uint256 amount0, uint256 amount1) {
        bytes32 key = _modify(msg.sender, lower, upper, -int128(amount));
        (amount0, amount1) = _amounts(lower, upper, amount, false);
        positions[key].owed0 += uint128(amount0);
        positions[key].owed1 += uint128(amount1);
        emit Burn(msg.sender, lower, upper, amount, amount0, amount1);
    }

    function collect(address to, int24 lower, int24 upper) external lock returns (uint128 amount0, uint128 amount1) {
        Position storage position = positions[positionKey(msg.sender, lower, upper)];
        (amount0, amount1) = (position.owed0, position.owed1);
        (position.owed0, position.owed1) = (0, 0);
        if (amount0 > 0) IPoolToken(token0).transfer(to, amount0);
        if (amount1 > 0) IPoolToken(token1).transfer(to, amount1);
        emit Collect(msg.sender, to, amount0, amount1);
    }

    function swap(address to, bool zeroForOne, uint256 amountIn, uint160 priceLimit, bytes calldata data)
        external
        lock
        returns (uint256 paid, uint256 amountOut)
    {
        Slot0 memory start = slot0;
        if (amountIn == 0 || amountIn > type(uint120).max) revert InvalidAmount();
        if (zeroForOne ? priceLimit >= start.sqrtPriceX96 : priceLimit <= start.sqrtPriceX96) revert InvalidPriceLimit();
        Walk memory walk;
        walk.remaining = amountIn;
        walk.price = start.sqrtPriceX96;
        walk.tick = start.tick;
        walk.liquidity = liquidity;
        walk.feeGrowth = zeroForOne ? feeGrowthGlobal0 : feeGrowthGlobal1;
        while (walk.remaining > 0 && walk.price != priceLimit) {
            if (!_walkOne(walk, zeroForOne, priceLimit)) break;
        }
        _finish(start, walk, zeroForOne);
        paid = amountIn - walk.remaining;
        amountOut = walk.amountOut;
        _settle(to, zeroForOne, paid, amountOut, data);
        emit Swap(msg.sender, to, zeroForOne, paid, amountOut, walk.price, walk.tick);
    }

    function positionKey(address owner, int24 lower, int24 upper) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(owner, lower, upper));
    }

    /// Moves the price to the next initialised tick or until the input is used up; answers whether there is more to do.
    function _walkOne(Walk memory walk, bool zeroForOne, uint160 priceLimit) private returns (bool) {
        Step memory step;
        (step.next, step.initialized) = _nextTick(walk.tick, zeroForOne);
        if (step.next < -TickMath.MAX_TICK || step.next > TickMath.MAX_TICK) return false;
        step.nextPrice = TickMath.priceAt(step.next);
        bool beyond = zeroForOne ? step.nextPrice < priceLimit : step.nextPrice > priceLimit;
        _computeStep(step, walk, beyond ? priceLimit : step.nextPrice, zeroForOne);

        walk.remaining -= step.amountIn + step.fee;
        walk.amountOut += step.amountOut;
        unchecked {
            // The growth may wrap: positions only use differences.
            if (walk.liquidity > 0) walk.feeGrowth += (step.fee << 128) / walk.liquidity;
        }
        walk.price = step.endPrice;
        if (walk.price != step.nextPrice) {
            walk.tick = TickMath.tickAt(walk.price);
            return true;
        }
        if (step.initialized) {
            int128 net = _cross(step.next, walk.feeGrowth, zeroForOne);
            walk.liquidity = _addSigned(walk.liquidity, zeroForOne ? -net : net);
        }
        walk.tick = zeroForOne ? step.next - 1 : step.next;
        return true;
    }

    function _computeStep(Step memory step, Walk memory walk, uint160 target, bool zeroForOne) private view {
        (uint160 low, uint160 high) = zeroForOne ? (target, walk.price) : (walk.price, target);
        uint256 usable = (walk.remaining * (FEE_UNIT - fee)) / FEE_UNIT;
        uint256 needed =
            zeroForOne ? _amount0(low, high, walk.liquidity, true) : _amount1(low, high, walk.liquidity, true);
        if (usable >= needed) {
            step.endPrice = target;
            step.amountIn = needed;
            step.fee = _divUp(needed * fee, FEE_UNIT - fee);
        } else {
            step.endPrice = _priceAfter(walk.price, target, walk.liquidity, usable, zeroForOne);
            step.amountIn = usable;
            step.fee = walk.remaining - usable;
        }
        step.amountOut = zeroForOne
            ? _amount1(step.endPrice, walk.price, walk.liquidity, false)
            : _amount0(walk.price, step.endPrice, walk.liquidity, false);
    }

    function _finish(Slot0 memory start, Walk memory walk, bool zeroForOne) private {
        if (walk.tick != start.tick) {
            slot0.observationIndex = _observe(start);
            slot0.tick = walk.tick;
        }
        slot0.sqrtPriceX96 = walk.price;
        if (walk.liquidity != liquidity) liquidity = walk.liquidity;
        if (zeroForOne) feeGrowthGlobal0 = walk.feeGrowth;
        else feeGrowthGlobal1 = walk.feeGrowth;
    }

    function _settle(address to, bool zeroForOne, uint256 paid, uint256 amountOut, bytes calldata data) private {
        (address input, address output) = zeroForOne ? (token0, token1) : (token1, token0);
        if (amountOut > 0) IPoolToken(output).transfer(to, amountOut);
        uint256 before = _balance(input);
        (uint256 owed0, uint256 owed1) = zeroForOne ? (paid, uint256(0)) : (uint256(0), paid);
        ITickPoolCaller(msg.sender).tickPoolPay(owed0, owed1, data);
        if (_balance(input) < before + paid) revert NotPaid();
    }

    function _modify(address owner, int24 lower, int24 upper, int128 change) private returns (bytes32 key) {
        if (lower >= upper || lower % tickSpacing != 0 || upper % tickSpacing != 0) revert InvalidTicks();
        if (lower < -TickMath.MAX_TICK || upper > TickMath.MAX_TICK) revert InvalidTicks();
        Slot0 memory current = slot0;
        _updateTick(lower, current.tick, change, change);
        _updateTick(upper, current.tick, change, -change);
        key = positionKey(owner, lower, upper);
        _updatePosition(positions[key], lower, upper, current.tick, change);
        if (lower <= current.tick && current.tick < upper) {
            slot0.observationIndex = _observe(current);
            liquidity = _addSigned(liquidity, change);
        }
    }

    function _updateTick(int24 at, int24 current, int128 change, int128 netChange) private {
        Tick storage tick = ticks[at];
        uint128 grossBefore = tick.liquidityGross;
        uint128 gross = _addSigned(grossBefore, change);
        if (grossBefore == 0 && at <= current) {
            // By convention all growth so far happened below the tick.
            tick.feeGrowthOutside0 = feeGrowthGlobal0;
            tick.feeGrowthOutside1 = feeGrowthGlobal1;
        }
        tick.liquidityGross = gross;
        tick.liquidityNet += netChange;
        if ((grossBefore == 0) != (gross == 0)) {
            int24 compressed = at / tickSpacing;
            tickBitmap[int16(compressed >> 8)] ^= 1 << (uint24(compressed) & 0xff);
        }
    }

    function _updatePosition(Position storage position, int24 lower, int24 upper, int24 current, int128 change) private {
        (uint256 inside0, uint256 inside1) = _growthInside(lower, upper, current);
        uint128 held = position.liquidity;
        unchecked {
            position.owed0 += uint128((uint256(held) * ((inside0 - position.feeGrowthInside0) >> 64)) >> 64);
            position.owed1 += uint128((uint256(held) * ((inside1 - position.feeGrowthInside1) >> 64)) >> 64);
        }
        position.feeGrowthInside0 = inside0;
        position.feeGrowthInside1 = inside1;
        if (change != 0) position.liquidity = _addSigned(held, change);
    }

    function _growthInside(int24 lower, int24 upper, int24 current)
        private
        view
        returns (uint256 inside0, uint256 inside1)
    {
        Tick storage low = ticks[lower];
        Tick storage high = ticks[upper];
        (uint256 global0, uint256 global1) = (feeGrowthGlobal0, feeGrowthGlobal1);
        unchecked {
            uint256 below0 = current >= lower ? low.feeGrowthOutside0 : global0 - low.feeGrowthOutside0;
            uint256 below1 = current >= lower ? low.feeGrowthOutside1 : global1 - low.feeGrowthOutside1;
            uint256 above0 = current < upper ? high.feeGrowthOutside0 : global0 - high.feeGrowthOutside0;
            uint256 above1 = current < upper ? high.feeGrowthOutside1 : global1 - high.feeGrowthOutside1;
            inside0 = global0 - below0 - above0;
            inside1 = global1 - below1 - above1;
        }
    }

    function _cross(int24 at, uint256 growth, bool zeroForOne) private returns (int128) {
        Tick storage tick = ticks[at];
        unchecked {
            tick.feeGrowthOutside0 = (zeroForOne ? growth : feeGrowthGlobal0) - tick.feeGrowthOutside0;
            tick.feeGrowthOutside1 = (zeroForOne ? feeGrowthGlobal1 : growth) - tick.feeGrowthOutside1;
        }
        return tick.liquidityNet;
    }

    /// Writes at most one observation for each timestamp, in a ring.
    function _observe(Slot0 memory current) private returns (uint16 index) {
        Observation memory last = observations[current.observationIndex];
        uint32 timestamp = uint32(block.timestamp);
        if (last.timestamp == timestamp) return current.observationIndex;
        index = (current.observationIndex + 1) % current.observationCount;
        int56 elapsed = int56(uint56(timestamp - last.timestamp));
        observations[index] = Observation(timestamp, last.tickCumulative + int56(current.tick) * elapsed, true);
    }

    /// The next initialised tick within the same word of the bitmap, or the end of the word.
    function _nextTick(int24 tick, bool zeroForOne) private view returns (int24 next, bool initialized) {
        int24 compressed = tick / tickSpacing;
        if (tick < 0 && tick % tickSpacing != 0) compressed--;
        if (!zeroForOne) compressed++;
        uint8 bit = uint8(uint24(compressed) & 0xff);
        uint256 word = tickBitmap[int16(compressed >> 8)];
        if (zeroForOne) {
            word &= type(uint256).max >> (255 - bit);
            initialized = word != 0;
            uint8 found = initialized ? _highestBit(word) : 0;
            next = (compressed - int24(uint24(bit - found))) * tickSpacing;
        } else {
            word &= type(uint256).max << bit;
            initialized = word != 0;
            uint8 found = initialized ? _highestBit(word & (~word + 1)) : 255;
            next = (compressed + int24(uint24(found - bit))) * tickSpacing;
        }
    }

    function _amounts(int24 lower, int24 upper, uint128 amount, bool up)
        private
        view
        returns (uint256 amount0, uint256 amount1)
    {
        uint160 price = slot0.sqrtPriceX96;
        uint160 low = TickMath.priceAt(lower);
        uint160 high = TickMath.priceAt(upper);
        if (price < high) amount0 = _amount0(price < low ? low : price, high, amount, up);
        if (price > low) amount1 = _amount1(low, price < high ? price : high, amount, up);
    }

    function _priceAfter(uint160 price, uint160 target, uint128 held, uint256 amountIn, bool zeroForOne)
        private
        pure
        returns (uint160)
    {
        uint256 scaled = uint256(held) << 96;
        uint256 next = zeroForOne ? _divUp(scaled, scaled / price + amountIn) : price + (amountIn << 96) / held;
        // Rounding must neither turn the price around nor lead beyond the target.
        if (zeroForOne) return next > price ? price : next < target ? target : uint160(next);
        return next > target ? target : uint160(next);
    }

    function _amount0(uint160 low, uint160 high, uint128 held, bool up) private pure returns (uint256) {
        uint256 part = uint256(held) * (high - low);
        if (up) return _divUp(_divUp(part, high) << 96, low);
        return ((part / high) << 96) / low;
    }

    function _amount1(uint160 low, uint160 high, uint128 held, bool up) private pure returns (uint256) {
        uint256 part = uint256(held) * (high - low);
        return up ? _divUp(part, TickMath.Q96) : part / TickMath.Q96;
    }

    function _addSigned(uint128 value, int128 change) private pure returns (uint128) {
        return change < 0 ? value - uint128(-change) : value + uint128(change);
    }

    function _divUp(uint256 value, uint256 divisor) private pure returns (uint256) {
        return value == 0 ? 0 : (value - 1) / divisor + 1;
    }

    function _highestBit(uint256 word) private pure returns (uint8 bit) {
        for (uint8 width = 128; width > 0; width >>= 1) {
            if (word >> width != 0) {
                word >>= width;
                bit += width;
            }
        }
    }

    function _balance(address token) private view returns (uint256) {
        return IPoolToken(token).balanceOf(address(this));
    }
}
