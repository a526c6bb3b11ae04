// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {DiamondStorage} from "./DiamondStorage.sol";

/// What does a call touch whose code depends on its selector (in the manner of EIP-2535)?
contract Diamond {
    error UnknownSelector(bytes4 selector);

    constructor(address owner, address cutFacet, bytes4 cutSelector) {
        DiamondStorage.layout().owner = owner;
        DiamondStorage.setFacet(cutSelector, cutFacet);
    }

    receive() external payable {}

    fallback() external payable {
        address facet = DiamondStorage.layout().facetOf[msg.sig];
        if (facet == address(0)) revert UnknownSelector(msg.sig);
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
