// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IBookToken {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// What does matching touch when the queue itself is storage: price levels and orders are linked lists.
contract OrderBook {
    enum Side {
        Bid,
        Ask
    }

    struct Level {
        uint128 nextPrice;
        uint128 total;
        uint64 head;
        uint64 tail;
    }

    struct Order {
        address maker;
        uint64 next;
        uint32 placedAt;
        uint128 price;
        uint128 amount;
        Side side;
    }

    uint256 private constant UNIT = 1e18;

    address public immutable base;
    address public immutable quote;

    uint64 public lastOrder;
    mapping(Side => uint128) public bestPrice;
    mapping(Side => mapping(uint128 => Level)) public levels;
    mapping(uint64 => Order) public orders;
    mapping(address => mapping(address => uint256)) public funds;

    event Placed(uint64 indexed id, address indexed maker, Side side, uint128 price, uint128 amount);
    event Filled(uint64 indexed id, address indexed taker, uint128 amount);
    event Cancelled(uint64 indexed id, uint128 left);

    error ZeroAmount();
    error BadHint(uint128 hint);
    error NotMaker();
    error NotFilled(uint128 left);
    error TransferFailed();

    constructor(address base_, address quote_) {
        base = base_;
        quote = quote_;
    }

    function deposit(address token, uint256 amount) external {
        funds[msg.sender][token] += amount;
        if (!IBookToken(token).transferFrom(msg.sender, address(this), amount)) revert TransferFailed();
    }

    function withdraw(address token, uint256 amount) external {
        funds[msg.sender][token] -= amount;
        if (!IBookToken(token).transfer(msg.sender, amount)) revert TransferFailed();
    }

    /// Places an order; a new level is linked in behind `hint`, a level with a better price, or in front for zero.
    function place(Side side, uint128 price, uint128 amount, uint128 hint) external returns (uint64 id) {
        if (price == 0 || amount == 0) revert ZeroAmount();
        if (side == Side.Bid) funds[msg.sender][quote] -= _cost(price, amount);
        else funds[msg.sender][base] -= amount;

        id = ++lastOrder;
        orders[id] = Order(msg.sender, 0, uint32(block.timestamp), price, amount, side);
        Level storage level = levels[side][price];
        if (level.head == 0) {
            _link(side, price, hint);
            level.head = id;
        } else {
            orders[level.tail].next = id;
        }
        level.tail = id;
        level.total += amount;
        emit Placed(id, msg.sender, side, price, amount);
    }

    /// A cancelled order stays in its queue, empty, until a match walks over it.
    function cancel(uint64 id) external {
        Order storage order = orders[id];
        if (order.maker != msg.sender) revert NotMaker();
        uint128 left = order.amount;
        order.amount = 0;
        levels[order.side][order.price].total -= left;
        if (order.side == Side.Bid) funds[msg.sender][quote] += _cost(order.price, left);
        else funds[msg.sender][base] += left;
        emit Cancelled(id, left);
    }

    /// Takes from the other side, best price first, while the price is within `limit`.
    function take(Side side, uint128 amount, uint128 limit) external returns (uint128 left) {
        Side other = side == Side.Bid ? Side.Ask : Side.Bid;
        uint128 price = bestPrice[other];
        left = amount;
        while (left > 0 && price != 0 && (side == Side.Bid ? price <= limit : price >= limit)) {
            left = _takeLevel(levels[other][price], side, price, left);
            if (levels[other][price].head != 0) break;
            price = levels[other][price].nextPrice;
            bestPrice[other] = price;
        }
        if (left == amount) revert NotFilled(left);
    }

    function _takeLevel(Level storage level, Side side, uint128 price, uint128 left) private returns (uint128) {
        uint64 id = level.head;
        while (id != 0 && left > 0) {
            Order storage order = orders[id];
            uint128 part = order.amount < left ? order.amount : left;
            order.amount -= part;
            level.total -= part;
            left -= part;
            _exchange(side, order.maker, price, part);
            if (part > 0) emit Filled(id, msg.sender, part);
            if (order.amount == 0) id = order.next;
        }
        level.head = id;
        if (id == 0) level.tail = 0;
        return left;
    }

    function _exchange(Side side, address maker, uint128 price, uint128 amount) private {
        uint256 cost = _cost(price, amount);
        if (side == Side.Bid) {
            funds[msg.sender][quote] -= cost;
            funds[msg.sender][base] += amount;
            funds[maker][quote] += cost;
        } else {
            funds[msg.sender][base] -= amount;
            funds[msg.sender][quote] += cost;
            funds[maker][base] += amount;
        }
    }

    function _link(Side side, uint128 price, uint128 hint) private {
        uint128 best = bestPrice[side];
        if (best == 0 || _better(side, price, best)) {
            levels[side][price].nextPrice = best;
            bestPrice[side] = price;
            return;
        }
        uint128 before = hint == 0 ? best : hint;
        if (levels[side][before].head == 0 || !_better(side, before, price)) revert BadHint(hint);
        uint128 next = levels[side][before].nextPrice;
        while (next != 0 && _better(side, next, price)) {
            before = next;
            next = levels[side][next].nextPrice;
        }
        levels[side][before].nextPrice = price;
        levels[side][price].nextPrice = next;
    }

    function _better(Side side, uint128 a, uint128 b) private pure returns (bool) {
        return side == Side.Bid ? a > b : a < b;
    }

    function _cost(uint128 price, uint128 amount) private pure returns (uint256) {
        return (uint256(price) * amount) / UNIT;
    }
}
