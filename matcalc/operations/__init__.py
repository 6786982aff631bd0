"""The operations of the language: one entry each, in four tables joined by `matcalc.operations.table`."""
