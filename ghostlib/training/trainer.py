"""TRL's SFTTrainer as one phase of Trinity needs it."""

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from ghostlib import machine
from ghostlib.config import Config
from ghostlib.training import rows


def build(config: Config, phase: str, folder: Path, model: Any, processor: Any, data: Any) -> Any:
    """TRL's SFTTrainer for one phase, with every trainable value in float32."""
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    train = config.train
    cuda = machine.look().gpu is not None
    compiled = config.model.path == "unsloth" and cuda  # trl's trainer as Unsloth has written it anew
    arguments = SFTConfig(
        output_dir=str(folder / "checkpoints"),
        max_steps=config.steps(phase),
        num_train_epochs=train.epochs,
        per_device_train_batch_size=train.batch_size,
        gradient_accumulation_steps=train.accumulation,
        learning_rate=train.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=train.warmup_steps,
        optim=train.optimizer,
        max_grad_norm=train.max_grad_norm,
        save_strategy="steps",
        save_steps=train.checkpoint_steps,
        save_total_limit=None,  # checkpoints.keep removes the old ones, and only when the new one is whole
        logging_steps=train.log_steps,
        logging_nan_inf_filter=False,
        include_num_input_tokens_seen="non_padding" if compiled else "no",  # trl's own count is lost there
        gradient_checkpointing=train.gradient_checkpointing,
        fp16=False,  # trl's default is bf16, which a T4 only emulates; Gemma-3 overflows under fp16 AMP
        bf16=False,
        # Both never build logits of length x 262,208: trl's chunks, or Unsloth's own, which chunked_nll would go round
        loss_type="nll" if compiled else "chunked_nll",
        completion_only_loss=True,
        max_length=None,  # too long ones are left out before; a cut through image tokens is an error
        packing=False,
        remove_unused_columns=False,  # the column of numbers feeds the transform
        dataloader_num_workers=0,
        dataloader_pin_memory=cuda,
        ddp_find_unused_parameters=False,
        use_cpu=not cuda,
        report_to="none",
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
    )
    held = {name: value.detach().cpu().clone() for name, value in model.named_parameters() if value.requires_grad}
    collator = rows.collator(processor) if rows.multimodal(processor) else None
    with redirect_stdout(io.StringIO()):  # Unsloth says which of the arguments it has changed
        trainer = SFTTrainer(
            model=model, args=arguments, train_dataset=data, processing_class=processor, data_collator=collator
        )
    # trl has cast the adapters of a 4-bit model to bf16, DoRA's magnitude too: it would round a started adapter, and
    # freeze the magnitude, whose steps are smaller than bf16's. Put the float32 values back.
    for name, value in trainer.model.named_parameters():
        if value.requires_grad:
            value.data = held[name].to(value.device)
    trainer.remove_callback(PrinterCallback)
    return trainer
