// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What does a call touch whose code is named by a word of storage (EIP-1967)?
contract Proxy1967 {
    /// keccak256("eip1967.proxy.implementation") - 1, as the standard says.
    bytes32 private constant LOGIC_SLOT = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    /// keccak256("eip1967.proxy.admin") - 1, as the standard says.
    bytes32 private constant ADMIN_SLOT = bytes32(uint256(keccak256("eip1967.proxy.admin")) - 1);

    event Upgraded(address indexed implementation);

    error NotAContract(address implementation);
    error InitializationFailed();

    constructor(address logic, address admin, bytes memory data) payable {
        _setLogic(logic);
        bytes32 slot = ADMIN_SLOT;
        assembly ("memory-safe") {
            sstore(slot, admin)
        }
        if (data.length > 0) {
            (bool ok,) = logic.delegatecall(data);
            if (!ok) revert InitializationFailed();
        }
    }

    fallback() external payable {
        _forward();
    }

    receive() external payable {
        _forward();
    }

    /// The admin's call is meant for the proxy; anybody else's call with this selector is passed on.
    function upgradeTo(address logic) external {
        address admin;
        bytes32 slot = ADMIN_SLOT;
        assembly ("memory-safe") {
            admin := sload(slot)
        }
        if (msg.sender == admin) _setLogic(logic);
        else _forward();
    }

    function _setLogic(address logic) private {
        if (logic.code.length == 0) revert NotAContract(logic);
        bytes32 slot = LOGIC_SLOT;
        assembly ("memory-safe") {
            sstore(slot, logic)
        }
        emit Upgraded(logic);
    }

    function _forward() private {
        bytes32 slot = LOGIC_SLOT;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), sload(slot), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
