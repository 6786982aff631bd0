"""SymPy both ways: its matrix expressions read as programs, results written as its matrix expressions.

Decisions.  A SymPy ``MatrixSymbol`` of n×1 is a vector, of 1×n a row, of 1×1 a scalar.  All symbols are real,
so that an adjoint is a transpose; ``log(Determinant(X))`` is read as log |det X|.  What is written back has SymPy
scalars where matcalc has scalars: the 1×1 product ``a.T*b`` is written ``Trace(a.T*b)``, which SymPy adds to numbers
and gives to functions.
"""
