// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface ICallee {
    function step(uint256 kind) external returns (uint256);
}

/// What does a transaction touch that fails, wholly or in a sub call, in each of the ways there are?
contract Reverter {
    uint256 public total;
    uint256 public failures;
    mapping(uint256 => uint256) public hits;
    mapping(address => string) public lastReason;

    event Caught(uint256 kind, string reason);

    error Custom(uint256 kind, address caller);

    /// Writes first, then fails as told: 0 succeeds, the rest are reason, custom error, panics, INVALID, plain revert.
    function step(uint256 kind) public returns (uint256) {
        hits[kind] += 1;
        total += 1;
        if (kind == 1) revert("Reverter: told to");
        if (kind == 2) revert Custom(kind, msg.sender);
        if (kind == 3) return total / (kind - 3);
        if (kind == 4) assert(total == 0);
        if (kind == 5) {
            assembly {
                invalid()
            }
        }
        if (kind == 6) {
            assembly {
                revert(0, 0)
            }
        }
        return total;
    }

    /// A failing sub call on this contract is undone, and the failure is counted.
    function attempt(uint256 kind) external returns (bool ok) {
        return attemptOn(address(this), kind);
    }

    function attemptOn(address callee, uint256 kind) public returns (bool ok) {
        try ICallee(callee).step{gas: gasleft() / 2}(kind) returns (uint256) {
            return true;
        } catch Error(string memory reason) {
            failures += 1;
            lastReason[msg.sender] = reason;
            emit Caught(kind, reason);
        } catch Panic(uint256 code) {
            failures += code;
        } catch (bytes memory) {
            failures += 1;
        }
    }

    /// Fails only when the state says so, which the transactions before decide.
    function stepIfBelow(uint256 limit) external {
        require(total < limit, "Reverter: limit reached");
        total += 1;
    }

    /// Runs until the gas is gone, touching a new slot in each turn.
    function burnAllGas() external {
        for (uint256 i = 0;; i++) {
            hits[i] = gasleft();
        }
    }

    /// Runs `count` turns, so whether it ends is a matter of the gas limit.
    function burnSome(uint256 count) external {
        for (uint256 i = 0; i < count; i++) {
            hits[i] += 1;
        }
    }
}
