// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Which root of the price belongs to a tick, and back?
/// The root of the price at tick t is 1.0001^(t/2), with 96 binary places; a table holds it for the powers of two.
library TickMath {
    int24 internal constant MAX_TICK = 131_071;
    uint256 internal constant Q96 = 2 ** 96;

    error TickOutOfRange(int24 tick);

    function priceAt(int24 tick) internal pure returns (uint160) {
        uint256 size = uint256(int256(tick < 0 ? -tick : tick));
        if (size > uint256(int256(MAX_TICK))) revert TickOutOfRange(tick);
        uint256 price = Q96;
        if (size & 0x1 != 0) price = (price * 79232123823359799118286999567) >> 96;
        if (size & 0x2 != 0) price = (price * 79236085330515764027303304731) >> 96;
        if (size & 0x4 != 0) price = (price * 79244008939048815603706035061) >> 96;
        if (size & 0x8 != 0) price = (price * 79259858533276714757314932305) >> 96;
        if (size & 0x10 != 0) price = (price * 79291567232598584799939703904) >> 96;
        if (size & 0x20 != 0) price = (price * 79355022692464371645785046466) >> 96;
        if (size & 0x40 != 0) price = (price * 79482085999252804386437311141) >> 96;
        if (size & 0x80 != 0) price = (price * 79736823300114093921829183326) >> 96;
        if (size & 0x100 != 0) price = (price * 80248749790819932309965073892) >> 96;
        if (size & 0x200 != 0) price = (price * 81282483887344747381513967011) >> 96;
        if (size & 0x400 != 0) price = (price * 83390072131320151908154831281) >> 96;
        if (size & 0x800 != 0) price = (price * 87770609709833776024991924138) >> 96;
        if (size & 0x1000 != 0) price = (price * 97234110755111693312479820773) >> 96;
        if (size & 0x2000 != 0) price = (price * 119332217159966728226237229890) >> 96;
        if (size & 0x4000 != 0) price = (price * 179736315981702064433883588727) >> 96;
        if (size & 0x8000 != 0) price = (price * 407748233172238350107850275304) >> 96;
        if (size & 0x10000 != 0) price = (price * 2098478828474011932436660412517) >> 96;
        return uint160(tick < 0 ? (Q96 * Q96) / price : price);
    }

    /// The largest tick whose price is not above the given one.
    function tickAt(uint160 price) internal pure returns (int24 tick) {
        uint256 rest = price < Q96 ? (Q96 * Q96) / price : price;
        (rest, tick) = _take(rest, tick, 2098478828474011932436660412517, 0x10000);
        (rest, tick) = _take(rest, tick, 407748233172238350107850275304, 0x8000);
        (rest, tick) = _take(rest, tick, 179736315981702064433883588727, 0x4000);
        (rest, tick) = _take(rest, tick, 119332217159966728226237229890, 0x2000);
        (rest, tick) = _take(rest, tick, 97234110755111693312479820773, 0x1000);
        (rest, tick) = _take(rest, tick, 87770609709833776024991924138, 0x800);
        (rest, tick) = _take(rest, tick, 83390072131320151908154831281, 0x400);
        (rest, tick) = _take(rest, tick, 81282483887344747381513967011, 0x200);
        (rest, tick) = _take(rest, tick, 80248749790819932309965073892, 0x100);
        (rest, tick) = _take(rest, tick, 79736823300114093921829183326, 0x80);
        (rest, tick) = _take(rest, tick, 79482085999252804386437311141, 0x40);
        (rest, tick) = _take(rest, tick, 79355022692464371645785046466, 0x20);
        (rest, tick) = _take(rest, tick, 79291567232598584799939703904, 0x10);
        (rest, tick) = _take(rest, tick, 79259858533276714757314932305, 0x8);
        (rest, tick) = _take(rest, tick, 79244008939048815603706035061, 0x4);
        (rest, tick) = _take(rest, tick, 79236085330515764027303304731, 0x2);
        (rest, tick) = _take(rest, tick, 79232123823359799118286999567, 0x1);
        if (price < Q96) tick = -tick;
        // Truncation in the table leaves the answer a step or two off.
        while (tick > -MAX_TICK && priceAt(tick) > price) tick--;
        while (tick < MAX_TICK && priceAt(tick + 1) <= price) tick++;
    }

    function _take(uint256 rest, int24 tick, uint256 factor, int24 bit) private pure returns (uint256, int24) {
        if (rest < factor) return (rest, tick);
        return ((rest << 96) / factor, tick + bit);
    }
}
