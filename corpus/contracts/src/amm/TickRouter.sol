// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

interface ITickPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function swap(address to, bool zeroForOne, uint256 amountIn, uint160 priceLimit, bytes calldata data)
        external
        returns (uint256 paid, uint256 amountOut);
    function mint(address owner, int24 lower, int24 upper, uint128 amount, bytes calldata data)
        external
        returns (uint256 amount0, uint256 amount1);
}

interface IRoutedToken {
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// What does a swap touch that is paid for in a callback from the pool?
contract TickRouter {
    uint160 private constant LOWEST_PRICE = 2 ** 86;
    uint160 private constant HIGHEST_PRICE = 2 ** 106;

    // Only the pool being called may ask for payment; the name is forgotten with the transaction.
    address private transient _activePool;

    error Expired();
    error TooLittle(uint256 amountOut);
    error NotActivePool(address caller);
    error TransferFailed(address token);

    modifier ensure(uint256 deadline) {
        if (deadline < block.timestamp) revert Expired();
        _;
    }

    function swapExactInput(
        address pool,
        bool zeroForOne,
        uint256 amountIn,
        uint256 amountOutMin,
        address to,
        uint256 deadline
    ) external ensure(deadline) returns (uint256 amountOut) {
        _activePool = pool;
        uint160 limit = zeroForOne ? LOWEST_PRICE : HIGHEST_PRICE;
        (, amountOut) = ITickPool(pool).swap(to, zeroForOne, amountIn, limit, abi.encode(msg.sender));
        if (amountOut < amountOutMin) revert TooLittle(amountOut);
        _activePool = address(0);
    }

    function addLiquidity(address pool, int24 lower, int24 upper, uint128 amount, uint256 deadline)
        external
        ensure(deadline)
        returns (uint256 amount0, uint256 amount1)
    {
        _activePool = pool;
        (amount0, amount1) = ITickPool(pool).mint(msg.sender, lower, upper, amount, abi.encode(msg.sender));
        _activePool = address(0);
    }

    function tickPoolPay(uint256 owed0, uint256 owed1, bytes calldata data) external {
        if (msg.sender != _activePool) revert NotActivePool(msg.sender);
        address payer = abi.decode(data, (address));
        if (owed0 > 0) _pay(ITickPool(msg.sender).token0(), payer, owed0);
        if (owed1 > 0) _pay(ITickPool(msg.sender).token1(), payer, owed1);
    }

    function _pay(address token, address payer, uint256 value) private {
        if (!IRoutedToken(token).transferFrom(payer, msg.sender, value)) revert TransferFailed(token);
    }
}
