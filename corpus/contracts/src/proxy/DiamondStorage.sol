// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Where does a diamond keep which facet serves which selector?
library DiamondStorage {
    struct Layout {
        mapping(bytes4 => address) facetOf;
        bytes4[] selectors;
        address owner;
    }

    bytes32 internal constant POSITION = keccak256("slotcast.diamond.storage");

    event FacetSet(bytes4 indexed selector, address facet);

    error NotOwner(address caller);

    function layout() internal pure returns (Layout storage place) {
        bytes32 position = POSITION;
        assembly ("memory-safe") {
            place.slot := position
        }
    }

    function enforceOwner() internal view {
        if (msg.sender != layout().owner) revert NotOwner(msg.sender);
    }

    function setFacet(bytes4 selector, address facet) internal {
        Layout storage place = layout();
        if (place.facetOf[selector] == address(0)) place.selectors.push(selector);
        place.facetOf[selector] = facet;
        emit FacetSet(selector, facet);
    }
}
