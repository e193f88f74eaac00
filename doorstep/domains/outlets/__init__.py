"""Outlets 代办点: where somebody other than the police brings a matter for who comes, or people do so by themselves at a kiosk."""
