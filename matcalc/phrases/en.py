"""English: the sentences of explanations."""

__all__ = ["PHRASES", "TERMS"]

PHRASES = {
    # ---- joints
    "and_so_on": ", ",
    "colon": ": ",
    "brackets": "({words})",
    "law_of_function": "derivative of {name}",
    # ---- headings
    "pieces": "The formula in pieces",
    "result": "The result",
    "used": "{name} is used {count} times; the contributions add up",
    "more_steps": "({count} more steps)",
    "more_lines": "({count} more lines)",
    "by": "By {name}",
    "only_varies": "{partial}: only {name} varies",
    "second_order": "The second differential",
    "policy_jacobian": "Jacobians throughout: the derivative of a scalar by a column is a row; reshaped at the end",
    "policy_shape": "The shape convention at every step: the gradient by a variable has the variable's shape",
    # ---- remarks beside formulas
    "scalar": "scalar",
    "upstream": "upstream gradient",
    "upstream_jacobian": "upstream Jacobian",
    "error_signal": "the error signal",
    "already": "already computed",
    "as_before": "as before",
    "local": "local Jacobian",
    "local_gradient": "local gradient",
    "as_varies": "as {name} varies",
    "one_of": "one of its {count} uses",
    "downstream": "upstream times local",
    "transposed_local": "the local Jacobian transposed, times upstream",
    "chain": "chain rule",
    "collect": "collected",
    "trace": "a scalar is its own trace; the trace is cyclic",
    "hence": "hence",
    "sub_law": "by {law}",
    "held": "all else is held fixed",
    "no_matrix_form": "no matrix form; the result is in index notation",
    "reshaped": "reshaped: the gradient has the variable's shape",
    "not_reshaped": "numerator layout: the row stays",
    "otherwise_zero": "0 where {letters} differ",
    "entry": "entry by entry",
    "entry_sum": "chain rule, summed over {letters}",
    "back_to_matrix": "in matrices again",
    "shapes_of_product": "shapes fit",
    "symmetric_hessian": "the Hessian",
    # ---- notes of results
    "absent": "it does not occur",
    "projected": "projected on {space} matrices",
    "by_entries": "by the free entries of a {space} matrix",
    "in_layout": "in {layout} layout",
    # ---- side conditions
    "condition": "Condition",
    "holds_where": "{law} holds where {domain}",
    "uses_simplex": "the entries of {name} sum to one, which is used here",
    "uses_symmetric": "{name} is symmetric, which is used here",
    "uses_diagonal": "{name} is diagonal, which is used here",
    "uses_skew": "{name} is skew-symmetric, which is used here",
    "uses_orthogonal": "{name} is orthogonal, which is used here",
    "uses_posdef": "{name} is symmetric positive definite, which is used here",
    "uses_positive": "{name} is positive, which is used here",
    # ---- below the results
    "where": "where",
    "here": "Here {names}.",
    "by_structured": "by {names} ({type}): {means}",
    "means_projection": "the gradient in the space of {space} matrices",
    "means_entries": "the derivative by the free entries of a {space} matrix",
    "layout_nothing": "in {layout} layout, which transposes nothing here",
    "layout_rule": "in {layout} layout: {rule}",
    "layout_rule_of": "in {layout} layout: {names}: {rule}",
    "numerator_rule": (
        "the derivative of a scalar is a row, one column an entry of the variable; of a matrix, it is transposed"
    ),
    "denominator_rule": "rows are for the variable, columns for the value, the transpose of the Jacobian",
}

TERMS: dict[str, str] = {}  # the tables of operations speak English
