"""``python -m matcalc`` is the command line."""

from matcalc.cli import main

if __name__ == "__main__":
    main()
