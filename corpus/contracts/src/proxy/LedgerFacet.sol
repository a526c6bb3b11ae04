// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {DiamondStorage} from "./DiamondStorage.sol";

/// What does a facet touch that keeps its own state far from every other facet's?
contract LedgerFacet {
    struct Ledger {
        uint256 total;
        mapping(address => uint256) points;
        mapping(address => bytes32[]) history;
    }

    bytes32 private constant POSITION = keccak256("slotcast.ledger.facet");

    event Moved(address indexed from, address indexed to, uint256 points);

    error NotEnoughPoints(uint256 held);

    function award(address to, uint256 points) external {
        DiamondStorage.enforceOwner();
        Ledger storage ledger = _ledger();
        ledger.total += points;
        ledger.points[to] += points;
        emit Moved(address(0), to, points);
    }

    function move(address to, uint256 points, bytes32 note) external {
        Ledger storage ledger = _ledger();
        uint256 held = ledger.points[msg.sender];
        if (held < points) revert NotEnoughPoints(held);
        ledger.points[msg.sender] = held - points;
        ledger.points[to] += points;
        ledger.history[msg.sender].push(note);
        emit Moved(msg.sender, to, points);
    }

    function pointsOf(address account) external view returns (uint256) {
        return _ledger().points[account];
    }

    function totalPoints() external view returns (uint256) {
        return _ledger().total;
    }

    function _ledger() private pure returns (Ledger storage place) {
        bytes32 position = POSITION;
        assembly ("memory-safe") {
            place.slot := position
        }
    }
}
