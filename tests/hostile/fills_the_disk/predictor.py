"""Fills its scratch folder with large files, then with empty ones."""

import os

MIB = 1 << 20


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        """Return the MiB that went in, plus the thousands of empty files beyond ten."""
        written = 0
        try:
            for number in range(4):
                with open(f"large{number}", "wb") as file:
                    for _ in range(15):
                        file.write(bytes(MIB))
                        file.flush()
                        written += 1
        except OSError as error:
            print("refused:", error)
        files = 0
        try:
            for number in range(12_000):
                open(f"empty{number}", "w").close()
                files += 1
        except OSError as error:
            print("refused:", error)
        left = len(os.listdir("."))
        return float(written > 16) + float(files > 10_000) + 0 * left
