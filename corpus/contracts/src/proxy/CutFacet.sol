// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {DiamondStorage} from "./DiamondStorage.sol";

/// What does changing the facets of a diamond touch?
contract CutFacet {
    function setFacets(bytes4[] calldata selectors, address facet) external {
        DiamondStorage.enforceOwner();
        for (uint256 i = 0; i < selectors.length; i++) {
            DiamondStorage.setFacet(selectors[i], facet);
        }
    }

    function facetOf(bytes4 selector) external view returns (address) {
        return DiamondStorage.layout().facetOf[selector];
    }

    function selectorsLength() external view returns (uint256) {
        return DiamondStorage.layout().selectors.length;
    }
}
