// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What does a batch touch whose targets and calldata are themselves calldata?
contract Multicall {
    struct Call {
        address target;
        bytes callData;
    }

    struct ValueCall {
        address target;
        bool allowFailure;
        uint256 value;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    mapping(address => bytes32) public noteOf;
    mapping(address => uint256) public nonceOf;

    event Noted(address indexed account, bytes32 note);

    error CallFailed(uint256 index, bytes reason);
    error ValueMismatch();

    function aggregate(Call[] calldata calls) external payable returns (uint256 blockNumber, bytes[] memory returnData) {
        blockNumber = block.number;
        returnData = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            (bool ok, bytes memory answer) = calls[i].target.call(calls[i].callData);
            if (!ok) revert CallFailed(i, answer);
            returnData[i] = answer;
        }
    }

    function aggregateValue(ValueCall[] calldata calls) external payable returns (Result[] memory results) {
        uint256 spent;
        results = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            ValueCall calldata one = calls[i];
            spent += one.value;
            (bool ok, bytes memory answer) = one.target.call{value: one.value}(one.callData);
            if (!ok && !one.allowFailure) revert CallFailed(i, answer);
            results[i] = Result(ok, answer);
        }
        if (spent != msg.value) revert ValueMismatch();
    }

    /// Runs functions of this contract on its own storage, on behalf of the caller.
    function multicall(bytes[] calldata data) external returns (bytes[] memory results) {
        results = new bytes[](data.length);
        for (uint256 i = 0; i < data.length; i++) {
            (bool ok, bytes memory answer) = address(this).delegatecall(data[i]);
            if (!ok) {
                assembly ("memory-safe") {
                    revert(add(answer, 0x20), mload(answer))
                }
            }
            results[i] = answer;
        }
    }

    function setNote(bytes32 note) external {
        noteOf[msg.sender] = note;
        emit Noted(msg.sender, note);
    }

    function bumpNonce() external returns (uint256) {
        return ++nonceOf[msg.sender];
    }

    function balanceOfEther(address account) external view returns (uint256) {
        return account.balance;
    }
}
