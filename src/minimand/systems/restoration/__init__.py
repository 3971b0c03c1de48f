"""Images restored: denoising, classical and learned."""
