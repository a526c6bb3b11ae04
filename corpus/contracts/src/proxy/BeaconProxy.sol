// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IBeacon {
    function implementation() external view returns (address);
}

/// What does a call touch whose code is the answer of another contract?
contract BeaconProxy {
    /// keccak256("eip1967.proxy.beacon") - 1, as the standard says.
    bytes32 private constant BEACON_SLOT = bytes32(uint256(keccak256("eip1967.proxy.beacon")) - 1);

    event BeaconUpgraded(address indexed beacon);

    error InitializationFailed();

    constructor(address beacon, bytes memory data) payable {
        bytes32 slot = BEACON_SLOT;
        assembly ("memory-safe") {
            sstore(slot, beacon)
        }
        emit BeaconUpgraded(beacon);
        if (data.length > 0) {
            (bool ok,) = IBeacon(beacon).implementation().delegatecall(data);
            if (!ok) revert InitializationFailed();
        }
    }

    fallback() external payable {
        _forward();
    }

    receive() external payable {
        _forward();
    }

    function _forward() private {
        address beacon;
        bytes32 slot = BEACON_SLOT;
        assembly ("memory-safe") {
            beacon := sload(slot)
        }
        address logic = IBeacon(beacon).implementation();
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), logic, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
