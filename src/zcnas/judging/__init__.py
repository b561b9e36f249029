"""From predictions and hidden accuracies to scores, statistics and the leaderboard; no torch."""
