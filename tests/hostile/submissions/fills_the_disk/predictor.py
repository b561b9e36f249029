"""Fills its scratch folder with large files, then with empty ones."""

MIB = 1 << 20


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        """Return 1 for more than the limit of 16 MiB, and 1 for more than 2,000 files."""
        written = 0
        try:
            for number in range(2):
                with open(f"large{number}", "wb") as file:
                    for _ in range(15):
                        file.write(bytes(MIB))
                        file.flush()
                        written += 1
        except OSError as error:
            print("refused:", error)
        files = 0
        try:
            for number in range(2500):
                open(f"empty{number}", "w").close()
                files += 1
        except OSError as error:
            print("refused:", error)
        return float(written > 16) + float(files > 2000)
