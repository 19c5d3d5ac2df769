"""What the project uses of Colab's own package, for machines that are not Colab. `calls` records what was asked."""

calls: list[tuple[str, ...]] = []
