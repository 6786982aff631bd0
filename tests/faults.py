"""Where every line of the list of faults is tested: in `tests/test_faults.py` by number, or in a test named here."""

from __future__ import annotations

LINES = range(1, 89)

ELSEWHERE = {
    34: ["test_faults.py::test_one_derives_by_names"],
    35: ["test_faults.py::test_tensors_are_read_back_in_the_syntax_of_the_program"],
    55: ["test_verify.py::test_errors_are_relative_at_every_scale"],
    56: ["test_verify.py::test_points_are_general_and_repeatable"],
    57: ["test_verify.py::test_an_ill_conditioned_program_is_inconclusive"],
    58: ["test_codegen_contract.py::test_lists_integers_and_short_floats_are_converted"],
    59: ["test_codegen_contract.py::test_wrong_shapes_name_the_argument_and_both_shapes"],
    60: ["test_codegen_contract.py::test_nan_and_infinity_propagate",
         "test_verify.py::test_gradients_that_are_no_numbers_are_wrong"],
    61: ["test_checker.py::test_wrong_gradients_are_caught"],
    62: ["test_verify.py::test_points_are_general_and_repeatable"],
    69: ["test_simplify.py::test_gradients_of_random_programs"],
    70: ["test_cli_files.py::test_what_is_no_readable_file", "test_file_faults.py::test_a_link_to_a_device_is_refused"],
    72: ["test_cli_process.py::test_an_interruption_ends_it", "test_cli_process.py::test_a_full_disk_is_told",
         "test_cli_process.py::test_a_closed_output_is_told",
         "test_cli_process.py::test_a_reader_that_goes_away_is_not_an_error",
         "test_file_faults.py::test_a_file_that_is_too_large_leaves_nothing",
         "test_file_faults.py::test_an_interruption_while_writing_leaves_nothing"],
    73: ["test_hostile_texts.py::test_a_comment_reaches_no_output",
         "test_hostile_texts.py::test_a_name_is_refused_or_a_name_everywhere",
         "test_hostile_texts.py::test_tex_sets_every_text_and_runs_none"],
    74: ["test_hostile_texts.py::test_a_note_shows_a_text_and_does_not_become_it"],
    75: ["test_hostile_texts.py::test_a_comment_reaches_no_output",
         "test_injection.py::test_what_no_generated_code_consists_of_is_not_executed"],
    76: ["test_injection.py::test_what_is_executed_was_held_against_a_list_and_has_few_builtins",
         "test_injection.py::test_generated_code_has_no_other_builtins"],
    77: ["test_cli_files.py::test_a_file_is_replaced_only_by_force",
         "test_cli_files.py::test_a_link_is_never_written_through", "test_cli_files.py::test_what_cannot_be_written",
         "test_file_faults.py::test_a_name_taken_meanwhile_is_kept"],
    78: ["test_hostile_texts.py::test_a_message_sends_nothing_that_a_terminal_obeys"],
    79: ["test_injection.py::test_no_array_is_unpickled", "test_notes.py::test_damaged_cache_files_count_as_missing"],
    80: ["test_hostile_texts.py::test_a_message_sends_nothing_that_a_terminal_obeys"],
    # there is no server: what is tested of these lines is that nothing listens
    **{line: ["test_file_faults.py::test_nothing_listens"] for line in range(81, 89)},
}  # fmt: skip
