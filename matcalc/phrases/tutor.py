"""What is wrong with a claimed gradient, in words: a table for each language.

``{part}``, ``{other}``, ``{step}`` and the like are formulas and names.  Every language has the same keys and the same
placeholders.
"""

from __future__ import annotations

from matcalc.phrases import Phrases

__all__ = ["TABLES", "tutor_phrases"]

EN = {
    # ---- the sentence
    "right": "the claim is right: it agrees with numeric differences ({method}) to {error} at {count} points",
    "wrong": "the claim is wrong: {what}",
    "and": "{first}, and {second}",
    "scalar_shape": "1×1 (a scalar)",
    # ---- shapes
    "transposed_shape": "the claim is transposed: it has shape {claimed}, the gradient {shape}",
    "shape_not_enough": (
        "the claim has the wrong shape, and transposing it is not enough: it has shape {claimed}, the gradient {shape}"
    ),
    "shape": "the claim has the wrong shape: it has shape {claimed}, the gradient {shape}",
    "shape_because": "{wrong}; {what}",
    # ---- the whole
    "zero": "it is zero, the gradient is not",
    "gradient_zero": "the gradient is zero, the claim is not",
    "not_finite": "it is not finite where the gradient is",
    "transposed": "it is transposed",
    "sign": "it has the wrong sign",
    "factor": "it is {number} times the gradient (a wrong constant factor)",
    "factor_dim": "it is {number} times the gradient (a wrong factor)",
    "factor_varies": (
        "it is a multiple of the gradient, by a factor that is not constant ({numbers} at the points tried)"
    ),
    "projection": "{name} is {type}, and the gradient in the space of such matrices is {formula} of this claim G",
    "by_entries": 'it is the derivative by the free entries of the {type} {name} (structure="entries")',
    "unknown": "it differs by {error} of the largest entry; the claim is {claimed}{place}, the gradient {number}",
    "at": " at [{place}]",
    "right_if_symmetric": "it is right only where {name} is symmetric, which is not declared",
    "right_if_simplex": "it is right only where the entries of {name} sum to one; declare {name} a simplex if they do",
    "hint": "; {what}",
    # ---- one place of a formula
    "missing_term": "the term {part} is missing",
    "extra_term": "the term {part} is too much",
    "missing_factor": "the factor {part} is missing",
    "extra_factor": "the factor {part} is too much",
    "one_if_simplex": " ({part} is 1 where {name} is declared a simplex: one-hot labels, probabilities)",
    "missing_division": "the division by {part} is missing",
    "extra_division": "the division by {part} is too much",
    "multiplies": "{part} multiplies where it should divide",
    "divides": "{part} divides where it should multiply",
    "sign_of": "the sign of {part} is wrong",
    "sign_of_term": "the term {part} has the wrong sign",
    "missing_transpose": "{part} is not transposed: {whole} is right",
    "extra_transpose": "{part} is transposed, which is too much",
    "missing_inverse": "the inverse is missing: {whole} is right where {part} stands",
    "extra_inverse": "{whole} stands where {part} should: the inverse is too much",
    "missing_power": "the power is missing: {part} should be raised to {power}",
    "extra_power": "{part} is raised to {power}, which is too much",
    "missing_function": "{function} is missing: {whole} is right where {part} stands",
    "extra_function": "{whole} stands where {part} should: {function} is too much",
    "missing_sum": "the {function} is missing: {whole} is right where {part} stands",
    "extra_sum": "{whole} stands where {part} should: the {function} is too much",
    "other_axis": "it is summed over the wrong axis: {part} is right where {other} stands",
    "swapped": "{part} and {other} stand in the wrong order",
    "matmul_for_hadamard": "a matrix product stands where the entrywise product {part} should",
    "hadamard_for_matmul": "an entrywise product stands where the matrix product {part} should",
    "lower_order": "{stands} stands where its derivative {should} should",
    "higher_order": "its derivative {stands} stands where {should} should",
    # ---- one step of a derivation
    "path": "the term {part} is missing: {name} is used {count} times, and its use in {use} is held constant",
    "path_held": (
        "the term {part} is missing: {name} is used {count} times, and the claim is the gradient with one of them held "
        "constant, {held} in {use}"
    ),
    "use_held": "{name} is used {count} times, and one of them is held constant, {held} in {use}",
    "use_constant": "what varies in {use} is held constant",
    "path_term": "the term {part} is missing: it comes from {use}",
    "path_through": "the term {part} is missing: the path through {use} is left out",
    "no_derivative": "the factor {part} is missing, the derivative of {function}",
    "value_for_derivative": "{function} itself stands where its derivative {part} should",
    "other_argument": "the derivative of {function} is evaluated at {other} where it should be at {part}",
    "no_upstream": "the upstream gradient {part} is missing as a factor",
    "step": "{what} (the claim follows the derivation up to {before}; the step to {after} differs, right is {right})",
    "first_step": "{what} (at the first step already, to {after}: right is {right})",
    "its_part": "its part of {name}",
    "value": "the value",
}

ZH = {
    # ---- the sentence
    "right": "该式正确：与数值差分（{method}）相比，在 {count} 个点上误差为 {error}",
    "wrong": "该式有误：{what}",
    "and": "{first}，并且{second}",
    "scalar_shape": "1×1（标量）",
    # ---- shapes
    "transposed_shape": "该式被转置了：它的形状是 {claimed}，梯度的形状是 {shape}",
    "shape_not_enough": "该式形状不对，而且仅作转置还不够：它的形状是 {claimed}，梯度的形状是 {shape}",
    "shape": "该式形状不对：它的形状是 {claimed}，梯度的形状是 {shape}",
    "shape_because": "{wrong}；{what}",
    # ---- the whole
    "zero": "它等于零，而梯度不为零",
    "gradient_zero": "梯度等于零，而它不为零",
    "not_finite": "在梯度有限的点上它不是有限值",
    "transposed": "它被转置了",
    "sign": "它的符号反了",
    "factor": "它是梯度的 {number} 倍（常数因子有误）",
    "factor_dim": "它是梯度的 {number} 倍（因子有误）",
    "factor_varies": "它是梯度的倍数，但倍数不是常数（在所试各点上为 {numbers}）",
    "projection": "{name} 的类型是 {type}，在此类矩阵的空间中，梯度是该式 G 的 {formula}",
    "by_entries": "它是对 {type} 矩阵 {name} 的自由元素的导数（structure=\"entries\"）",
    "unknown": "与最大元素相比相差 {error}；该式{place}为 {claimed}，梯度为 {number}",
    "at": "在 [{place}] 处",
    "right_if_symmetric": "只有当 {name} 对称时它才正确，而 {name} 并未声明为对称",
    "right_if_simplex": "只有当 {name} 的元素之和为 1 时它才正确；若确实如此，请把 {name} 声明为 simplex",
    "hint": "；{what}",
    # ---- one place of a formula
    "missing_term": "缺少项 {part}",
    "extra_term": "多出了项 {part}",
    "missing_factor": "缺少因子 {part}",
    "extra_factor": "多出了因子 {part}",
    "one_if_simplex": "（若把 {name} 声明为 simplex，即独热标签或概率，则 {part} 等于 1）",
    "missing_division": "没有除以 {part}",
    "extra_division": "不应除以 {part}",
    "multiplies": "应除以 {part}，却乘了它",
    "divides": "应乘以 {part}，却除以了它",
    "sign_of": "{part} 的符号有误",
    "sign_of_term": "项 {part} 的符号有误",
    "missing_transpose": "{part} 没有转置：应为 {whole}",
    "extra_transpose": "{part} 不应转置",
    "missing_inverse": "缺少逆：写 {part} 的地方应为 {whole}",
    "extra_inverse": "写 {whole} 的地方应为 {part}：不应取逆",
    "missing_power": "缺少乘方：{part} 应取 {power} 次幂",
    "extra_power": "{part} 不应取 {power} 次幂",
    "missing_function": "缺少 {function}：写 {part} 的地方应为 {whole}",
    "extra_function": "写 {whole} 的地方应为 {part}：多出了 {function}",
    "missing_sum": "缺少 {function}：写 {part} 的地方应为 {whole}",
    "extra_sum": "写 {whole} 的地方应为 {part}：多出了 {function}",
    "other_axis": "求和的方向有误：写 {other} 的地方应为 {part}",
    "swapped": "{part} 与 {other} 的先后次序反了",
    "matmul_for_hadamard": "应为逐元素乘积 {part}，却写成了矩阵乘积",
    "hadamard_for_matmul": "应为矩阵乘积 {part}，却写成了逐元素乘积",
    "lower_order": "应为导数 {should}，却写成了 {stands}",
    "higher_order": "应为 {should}，却写成了它的导数 {stands}",
    # ---- one step of a derivation
    "path": "缺少项 {part}：{name} 被使用 {count} 次，而它在 {use} 中的使用被当成了常数",
    "path_held": "缺少项 {part}：{name} 被使用 {count} 次，而该式是把其中一处当成常数（{use} 中的 {held}）所得的梯度",
    "use_held": "{name} 被使用 {count} 次，而其中一处被当成了常数（{use} 中的 {held}）",
    "use_constant": "{use} 中的变化被忽略了（当成了常数）",
    "path_term": "缺少项 {part}：它来自 {use}",
    "path_through": "缺少项 {part}：遗漏了经过 {use} 的路径",
    "no_derivative": "缺少因子 {part}，即 {function} 的导数",
    "value_for_derivative": "应为 {function} 的导数 {part}，却写成了 {function} 本身",
    "other_argument": "{function} 的导数应在 {part} 处取值，却取在了 {other} 处",
    "no_upstream": "缺少作为因子的上游梯度 {part}",
    "step": "{what}（该式到 {before} 为止与推导一致；求 {after} 的这一步不同，正确的是 {right}）",
    "first_step": "{what}（第一步求 {after} 时就不同：正确的是 {right}）",
    "its_part": "{name} 中的相应部分",
    "value": "函数值",
}

TABLES = {"en": EN, "zh": ZH}


def tutor_phrases(language: str = "en") -> Phrases:
    """The phrases about claims in a language; raises `UnsupportedError` for another.

    >>> tutor_phrases("zh")("missing_term", part="b")
    '缺少项 b'
    """
    from matcalc.phrases import phrases

    return Phrases(phrases(language).language, TABLES[language], {})
