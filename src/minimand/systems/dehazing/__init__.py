"""Haze off photographs."""
