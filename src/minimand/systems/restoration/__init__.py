"""Images restored: denoising."""
