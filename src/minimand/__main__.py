"""`python -m minimand` is the command `minimand`."""

from minimand.commands import main

if __name__ == "__main__":
    main()
