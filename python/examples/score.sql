-- How good are predictions, by what a node recorded?
-- In: `predictions`, as Analyzer.predict gives them, and `storage_reads` and `storage_diffs` with cryo's
-- columns. Out: a row for each block, with the counts of Analyzer.score.
WITH
    -- A slot that is written, or only added to, stands once.
    predicted AS (
        SELECT chain_id, block_number, transaction_index, address, slot,
            bool_or(kind <> 'read') AS is_written
        FROM predictions
        WHERE kind IN ('read', 'write', 'delta')
        GROUP BY ALL
    ),
    touched AS (
        SELECT chain_id, block_number, transaction_index, contract_address AS address, slot,
            true AS is_read, false AS is_written
        FROM storage_reads
        UNION ALL
        SELECT chain_id, block_number, transaction_index, address, slot, false, true
        FROM storage_diffs
    ),
    truth AS (
        SELECT chain_id, block_number, transaction_index, address, slot,
            bool_or(is_read) AS is_read, bool_or(is_written) AS is_written
        FROM touched
        GROUP BY ALL
    ),
    counts AS (
        SELECT chain_id, block_number,
            count(*) FILTER (truth.is_read) AS true_slots,
            count(predicted.slot) AS predicted_slots,
            count(*) FILTER (truth.is_read AND predicted.slot IS NOT NULL) AS hit_slots,
            count(*) FILTER (truth.is_written) AS true_writes,
            count(*) FILTER (truth.is_written AND predicted.is_written) AS hit_writes
        FROM predicted
        FULL JOIN truth USING (chain_id, block_number, transaction_index, address, slot)
        GROUP BY ALL
    )
SELECT *,
    hit_slots / true_slots AS slot_recall,
    hit_slots / predicted_slots AS slot_precision,
    hit_writes / true_writes AS write_recall
FROM counts
ORDER BY chain_id, block_number;
